import type { Logger } from '@heavy/service';
import { describe, expect, it, vi } from 'vitest';
import { untilDone } from './until-done.ts';

describe('untilDone', () => {
  it('is done when all work has ended, also what failed', async () => {
    const error = vi.fn();
    const gate = Promise.withResolvers<void>();
    const work = async (item: string) => {
      await gate.promise;
      if (item === 'bad') throw new Error(item);
    };
    const { listener, done } = untilDone(work, { error } as Partial<Logger> as Logger);
    listener('good');
    listener('bad');
    const isDone = vi.fn();
    const all = done().then(isDone);
    await Promise.resolve();
    expect(isDone).not.toHaveBeenCalled();
    gate.resolve();
    await all;
    expect(error).toHaveBeenCalledOnce();
  });
});
