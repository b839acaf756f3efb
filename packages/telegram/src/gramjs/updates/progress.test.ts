import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Progress } from './progress.ts';

const create = () => {
  const settled: number[] = [];
  return { settled, progress: new Progress((pts) => settled.push(pts)) };
};

describe('Progress', () => {
  it('settles at once where there is nothing to deal with', () => {
    const { settled, progress } = create();
    progress.reach(5, []);
    expect(settled).toEqual([5]);
  });

  it('settles up to the first message that is still being dealt with', async () => {
    const { settled, progress } = create();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    progress.reach(1, [first.promise]);
    progress.reach(2, [second.promise]);
    progress.reach(3, []);
    second.resolve();
    await setImmediate();
    expect(settled).toEqual([]);
    first.resolve();
    await setImmediate();
    expect(settled).toEqual([3]);
  });

  it('settles a difference when all of its messages have been dealt with', async () => {
    const { settled, progress } = create();
    const messages = [1, 2, 3].map(() => Promise.withResolvers<void>());
    progress.reach(
      9,
      messages.map(({ promise }) => promise),
    );
    messages[0]?.resolve();
    messages[2]?.resolve();
    await setImmediate();
    expect(settled).toEqual([]);
    messages[1]?.resolve();
    await setImmediate();
    expect(settled).toEqual([9]);
  });

  it('settles nothing from a message on that was given up', async () => {
    const { settled, progress } = create();
    progress.reach(1, []);
    progress.reach(2, [Promise.reject(new Error('closing'))]);
    progress.reach(3, []);
    await setImmediate();
    expect(settled).toEqual([1]);
  });
});
