import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createTerminal } from './terminal.ts';

const stage = ({ isTTY = true } = {}) => {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const stdout = new PassThrough();
  let shown = '';
  for (const stream of [stdout, stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
  const ending = new AbortController();
  const interrupt = vi.fn(() => ending.abort(new Error('SIGINT received')));
  const terminal = createTerminal({ stdin, stdout, stderr, signal: ending.signal, interrupt });
  return { stdin, terminal, interrupt, shown: () => shown };
};

describe('createTerminal', () => {
  it('shows what is typed, and gives it', async () => {
    const { stdin, terminal, shown } = stage();
    const answer = terminal.read?.('Number: ');
    stdin.write('12345\r');
    expect(await answer).toBe('12345');
    expect(shown()).toContain('Number: ');
    expect(shown()).toContain('12345');
  });

  it('shows nothing of a hidden answer, not even its length', async () => {
    const { stdin, terminal, shown } = stage();
    const answer = terminal.read?.('Password: ', { hidden: true });
    for (const key of 'horse\u007fe') stdin.write(key);
    stdin.write('\r');
    expect(await answer).toBe('horse');
    expect(shown()).toBe('Password: \n');
  });

  it('asks one question after the other', async () => {
    const { stdin, terminal } = stage();
    const first = terminal.read?.('Password: ', { hidden: true });
    stdin.write('one\r');
    await first;
    const second = terminal.ask?.('Sure?');
    stdin.write('y\r');
    expect(await second).toBe(true);
  });

  it.each([
    ['yes', true],
    ['', false],
    ['nope', false],
  ])('takes "%s" for %s', async (typed, expected) => {
    const { stdin, terminal } = stage();
    const answer = terminal.ask?.('Sure?');
    stdin.write(`${typed}\r`);
    expect(await answer).toBe(expected);
  });

  it.each([true, false])('is interrupted by Ctrl-C at a question (hidden: %s)', async (hidden) => {
    const { stdin, terminal, interrupt } = stage();
    const answer = terminal.read?.('Password: ', { hidden });
    stdin.write('\u0003');
    await expect(answer).rejects.toThrow();
    expect(interrupt).toHaveBeenCalledOnce();
    expect(terminal.signal.aborted).toBe(true);
    await expect(terminal.read?.('Again: ')).rejects.toThrow('SIGINT received');
  });

  it('says so where the input ends in place of an answer', async () => {
    const { stdin, terminal } = stage();
    const answer = terminal.read?.('Password: ', { hidden: true });
    stdin.end();
    await expect(answer).rejects.toThrow('There was no answer.');
  });

  it('has nobody to ask where it is no terminal', () => {
    const { terminal } = stage({ isTTY: false });
    expect([terminal.ask, terminal.read]).toEqual([undefined, undefined]);
  });
});
