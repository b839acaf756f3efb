import { describe, expect, it, vi } from 'vitest';
import { createTurns } from './turns.ts';

const never = new AbortController().signal;

/** Things by name, and which of them are there. */
const world = () => {
  const turns = createTurns<string>();
  const log: string[] = [];
  const having = (name: string) => async (use: (thing: string) => Promise<void>) => {
    log.push(`+${name}`);
    await use(name);
    log.push(`-${name}`);
  };
  return { turns, log, having };
};

describe('createTurns', () => {
  it('makes one thing at a time, once for all who share it, and not before it is wanted', async () => {
    const { turns, log, having } = world();
    const gate = Promise.withResolvers<void>();
    const uses = (name: string) =>
      turns.share(name, having(name), async ({ source }) => {
        await source(never);
        await gate.promise;
        return name;
      });
    const all = Promise.all([
      uses('a'),
      uses('a'),
      uses('b'),
      turns.share('c', having('c'), async () => 'c'),
    ]);
    await vi.waitFor(() => expect(log).toEqual(['+a']));
    gate.resolve();
    expect(await all).toEqual(['a', 'a', 'b', 'c']);
    await vi.waitFor(() => expect(log).toEqual(['+a', '-a', '+b', '-b']));
  });

  it('tries again for the next where making fails, and gives the turn on', async () => {
    const { turns, log, having } = world();
    const fails = () => Promise.reject(new Error('no disk'));
    await expect(turns.share('a', fails, ({ source }) => source(never))).rejects.toThrow('no disk');
    await turns.share('a', having('a'), ({ source }) => source(never));
    expect(log).toContain('+a');
  });

  it('lets whoever is aborted go, and makes nothing for nobody', async () => {
    const { turns, log, having } = world();
    const gate = Promise.withResolvers<void>();
    const stop = new AbortController();
    const first = turns.share('a', having('a'), async ({ source }) => {
      await source(never);
      await gate.promise;
    });
    const waiting = turns.share('b', having('b'), ({ source }) => source(stop.signal));
    const rejected = expect(waiting).rejects.toThrow('stopping');
    stop.abort(new Error('stopping'));
    await rejected;
    gate.resolve();
    await first;
    await turns.share('c', having('c'), ({ source }) => source(never));
    await vi.waitFor(() => expect(log).toEqual(['+a', '-a', '+c', '-c']));
  });

  it('runs the tasks of all who share one after another', async () => {
    const { turns, having } = world();
    let running = 0;
    let most = 0;
    const task = async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
    };
    const shares = [1, 2].map(() =>
      turns.share('a', having('a'), ({ oneAtATime }) => Promise.all([oneAtATime(task), oneAtATime(task)])),
    );
    await Promise.all(shares);
    expect(most).toBe(1);
  });
});
