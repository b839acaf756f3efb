import { describe, expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

describe('oneAtATime', () => {
  it('keeps the order within a key, also after a failure, and lets other keys pass', async () => {
    const inOrder = oneAtATime();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const done: string[] = [];
    const first = inOrder('a', () => gate.then(() => done.push('a1')));
    const second = inOrder('a', () => Promise.reject(new Error('a2')));
    const third = inOrder('a', async () => done.push('a3'));
    await inOrder('b', async () => done.push('b1'));
    expect(done).toEqual(['b1']);
    open();
    await expect(second).rejects.toThrow('a2');
    await Promise.all([first, third]);
    expect(done).toEqual(['b1', 'a1', 'a3']);
  });
});
