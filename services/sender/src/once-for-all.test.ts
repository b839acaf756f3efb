import { describe, expect, it, vi } from 'vitest';
import { onceForAll } from './once-for-all.ts';

const never = new AbortController().signal;
const quiet = { signal: never, onProgress: () => undefined };

/** Work that ends when the test says so. */
const work = () => {
  const end = Promise.withResolvers<string>();
  return { end, run: vi.fn((_: (sentBytes: number) => void) => end.promise) };
};

describe('onceForAll', () => {
  it('does once what many want at the same time, and again for whoever comes later', async () => {
    const once = onceForAll<string>();
    const [first, others, later] = [work(), work(), work()];
    const results = [first, ...Array(999).fill(others)].map(({ run }) => once('a', run, quiet));
    first.end.resolve('done');
    expect(new Set(await Promise.all(results))).toEqual(new Set(['done']));
    expect(first.run).toHaveBeenCalledOnce();
    expect(others.run).not.toHaveBeenCalled();
    later.end.resolve('again');
    expect(await once('a', later.run, quiet)).toBe('again');
  });

  it('does not wait for another key', async () => {
    const once = onceForAll<string>();
    const [a, b] = [work(), work()];
    void once('a', a.run, quiet);
    b.end.resolve('b');
    expect(await once('b', b.run, quiet)).toBe('b');
  });

  it('lets the next try where it fails, one at a time', async () => {
    const once = onceForAll<string>();
    const [first, second, third] = [work(), work(), work()];
    const [one, two, three] = [first, second, third].map(({ run }) => once('a', run, quiet));
    first.end.reject(new Error('first'));
    await expect(one).rejects.toThrow('first');
    await vi.waitFor(() => expect(second.run).toHaveBeenCalledOnce());
    second.end.resolve('second');
    expect(await Promise.all([two, three])).toEqual(['second', 'second']);
    expect(third.run).not.toHaveBeenCalled();
  });

  it('ends the wait of one whose signal aborts, and begins nothing for it', async () => {
    const once = onceForAll<string>();
    const [first, second] = [work(), work()];
    const stop = new AbortController();
    const one = once('a', first.run, quiet);
    const two = once('a', second.run, { ...quiet, signal: stop.signal });
    stop.abort(new Error('stopping'));
    await expect(two).rejects.toThrow('stopping');
    await expect(once('a', second.run, { ...quiet, signal: stop.signal })).rejects.toThrow('stopping');
    first.end.reject(new Error('first'));
    await expect(one).rejects.toThrow('first');
    expect(second.run).not.toHaveBeenCalled();
  });

  it('tells a step to those who wait, to no more than 20, and to none who has left', async () => {
    const once = onceForAll<string>();
    const { end, run } = work();
    const told: number[] = [];
    const stop = new AbortController();
    const results = Array.from({ length: 30 }, (_, i) =>
      once('a', run, { signal: i === 1 ? stop.signal : never, onProgress: () => void told.push(i) }),
    );
    const left = expect(results[1]).rejects.toThrow('left');
    stop.abort(new Error('left'));
    await left;
    run.mock.calls[0]?.[0](1);
    expect(told).toEqual([0, ...Array.from({ length: 19 }, (_, i) => i + 2)]);
    end.resolve('done');
    await Promise.all(results.filter((_, i) => i !== 1));
  });
});
