import { spawnGroup } from '@heavy/process';

/** A command that an installation takes did not succeed; the message ends with what it printed last. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

export interface StepOptions {
  env: Record<string, string>;
  cwd?: string;
  /** Ends it after so long; 15 minutes by default. */
  timeoutMs?: number;
  /** Ends it. */
  signal?: AbortSignal | undefined;
}

const keptCharacters = 4000;

/**
 * Runs a command to its end and gives back what it printed to standard output.
 * @throws {StepFailed} where it cannot be started, takes too long or ends with anything but 0; the signal's reason.
 */
export const runStep = async (command: string, args: string[], options: StepOptions): Promise<string> => {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 15 * 60_000);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const group = spawnGroup(command, args, {
    env: options.env,
    signal,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let output = '';
  let printed = '';
  group.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    printed = (printed + text).slice(-keptCharacters);
  });
  group.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-keptCharacters);
  });
  // A script among the arguments would hide what matters.
  const line = [command, ...args].filter((word) => !word.includes('\n')).join(' ');
  const exit = await group.exited.catch((cause: unknown) => {
    throw new StepFailed(`${command} could not be started`, { cause });
  });
  options.signal?.throwIfAborted();
  if (timeout.aborted) throw new StepFailed(`${line}: took too long`, { cause: timeout.reason });
  if (exit.code !== 0) {
    const last = printed.trim().split('\n').slice(-8).join('\n');
    throw new StepFailed(`${line}: ended with ${exit.code ?? exit.signal}\n${last}`);
  }
  return output;
};

/** Whether a command can be started and ends with 0. */
export const succeeds = (command: string, args: string[], options: StepOptions): Promise<boolean> =>
  runStep(command, args, { timeoutMs: 20_000, ...options }).then(
    () => true,
    () => false,
  );
