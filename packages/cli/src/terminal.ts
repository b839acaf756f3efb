import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failed, type Terminal } from './command.ts';

export interface TerminalOptions {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  signal: AbortSignal;
  /** Called for Ctrl-C at a question: while it is asked, the terminal makes no signal of it. */
  interrupt: () => void;
}

/** The terminal of this process. Questions go to standard error, so that standard output holds results only. */
export const createTerminal = (options: TerminalOptions): Terminal => {
  const { stdin, stdout, stderr, signal, interrupt } = options;

  const read = async (question: string, { hidden = false } = {}): Promise<string> => {
    signal.throwIfAborted();
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const asking = createInterface({
      input: stdin,
      output: hidden ? nowhere : stderr,
      terminal: true,
      historySize: 0,
    });
    asking.on('SIGINT', interrupt);
    const ended = new Promise<never>((_, reject) => {
      asking.once('close', () => reject(new Failed('There was no answer.')));
    });
    if (hidden) stderr.write(question);
    try {
      return await Promise.race([asking.question(hidden ? '' : question, { signal }), ended]);
    } finally {
      asking.close();
      if (hidden) stderr.write('\n');
    }
  };

  const isPerson = stdin.isTTY && stderr.isTTY;
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    read: isPerson ? read : undefined,
    ask: isPerson
      ? async (question) => /^y(es)?$/i.test((await read(`${question} [y/N] `)).trim())
      : undefined,
    signal,
  };
};
