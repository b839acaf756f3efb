import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnGroup } from '@heavy/process';

/** How to run a server: an argument array, an environment built from nothing, and a file for what it prints. */
export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** What the process prints is appended here. */
  logFile: string;
  /** A pipe closes when this process dies; by default there is no input. */
  stdin?: 'ignore' | 'pipe';
  /** Between asking it to end and ending it; 15,000 by default. */
  graceMs?: number;
}

/** A process group that ends with this process, however this process ends. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended, with its exit code or signal in words. */
  readonly ended: Promise<string>;
  /** Asks the process itself to end (`SIGTERM`), and ends its whole group after the grace time. */
  stop(): Promise<void>;
  /** `SIGKILL` for the whole group. */
  kill(): Promise<void>;
}

/**
 * Starts a process in a group of its own.
 * @throws {SpawnFailed} where the command cannot be started.
 */
export const startChild = async (spec: ChildSpec): Promise<Child> => {
  const graceMs = spec.graceMs ?? 15_000;
  const log = openSync(spec.logFile, 'a');
  const group = spawnGroup(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    stdio: [spec.stdin ?? 'ignore', log, log],
    killGraceMs: graceMs,
  });
  closeSync(log);
  const { pid } = group;
  // Without a pid it could not be started: then `exited` rejects with the reason.
  if (pid === undefined) throw await group.exited.catch((error: unknown) => error);
  const ended = group.exited.then(({ code, signal }) =>
    signal === null ? `exit code ${code}` : `signal ${signal}`,
  );
  return {
    name: spec.name,
    pid,
    ended,
    stop: async () => {
      // Not the group: RabbitMQ's script passes the signal on, and its helpers must outlive its last messages.
      group.child.kill('SIGTERM');
      const patience = new AbortController();
      await Promise.race([ended, delay(graceMs, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      await group.end(0);
    },
    kill: () => group.end(0),
  };
};

/** The last lines of a log file, for an error message; empty where there is none. */
const lastLines = (file: string, count = 15): string => {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    // The file is there only once something was printed.
    return '';
  }
};

export interface ReadyOptions {
  /** 120,000 by default: a busy machine takes a minute for what is ready in seconds. */
  timeoutMs?: number;
  /** Between two looks; 50 by default. */
  everyMs?: number;
  /** Ends the process and the wait. */
  signal?: AbortSignal | undefined;
}

/**
 * Waits until `probe` answers true, asking again and again.
 * @throws {Error} with the last lines of the log when the process ends first or the time passes; then it is ended.
 */
export const untilReady = async (
  child: Child,
  logFile: string,
  probe: () => Promise<boolean>,
  options: ReadyOptions = {},
): Promise<void> => {
  const { timeoutMs = 120_000, everyMs = 50, signal } = options;
  const deadline = Date.now() + timeoutMs;
  let end: string | undefined;
  const watched = child.ended.then((how) => {
    end = how;
  });
  const isReady = () =>
    probe().catch(() => {
      // Not listening yet: asked again below.
      return false;
    });
  while (!(await isReady())) {
    if (end !== undefined)
      throw new Error(`${child.name} ended at its start (${end}).\n${lastLines(logFile)}`);
    if (Date.now() > deadline) {
      await child.kill();
      throw new Error(`${child.name} was not ready after ${timeoutMs / 1000} s.\n${lastLines(logFile)}`);
    }
    if (signal?.aborted) {
      await child.stop();
      throw signal.reason;
    }
    await Promise.race([watched, delay(everyMs)]);
  }
};
