import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Of util-linux: it runs a command in a terminal of its own. */
const terminalProgram = '/usr/bin/script';
const main = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));

/** What a command printed, on both outputs, and its exit code. */
export interface Printed {
  readonly text: string;
  readonly code: number | null;
}

const environment = (env: Readonly<Record<string, string>>) => ({
  ...{ PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', SHELL: '/bin/sh', TERM: 'dumb' },
  ...env,
});

/** Runs a `heavy` command where there is nobody to ask. */
export const heavy = async (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Printed> => {
  const child = spawn(process.execPath, [main, ...words], {
    ...{ env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] },
  });
  const ended = once(child, 'exit');
  const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  return { text: `${out}${err}`, code: (await ended)[0] as number | null };
};

/**
 * Runs a `heavy` command in a terminal of its own. Each line is typed once what comes before it is on the screen, after all that
 * was there before.
 */
export const heavyTyped = async (
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  lines: readonly (readonly [shown: string, typed: string])[],
): Promise<Printed> => {
  const command = [process.execPath, main, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn(terminalProgram, ['-qefc', command, '/dev/null'], {
    ...{ env: environment(env), stdio: ['pipe', 'pipe', 'inherit'] },
  });
  const ended = once(child, 'exit');
  let screen = '';
  let seen = 0;
  const left = [...lines];
  for await (const chunk of child.stdout!) {
    screen += String(chunk);
    for (let [next] = left; next !== undefined && screen.includes(next[0], seen); [next] = left) {
      const [shown, typed] = next;
      seen = screen.indexOf(shown, seen) + shown.length;
      left.shift();
      child.stdin!.write(typed);
    }
  }
  return { text: screen, code: (await ended)[0] as number | null };
};
