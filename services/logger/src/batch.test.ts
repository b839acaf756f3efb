import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBatch } from './batch.ts';

describe('createBatch', () => {
  const onBatch = vi.fn<(items: readonly number[]) => void>();
  const onFault = vi.fn();
  const create = () => createBatch<number>({ maxItems: 3, maxDelayMs: 100, retryMs: 1000, onBatch, onFault });
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.resetAllMocks();
  });

  it('hands on a full batch at once, and the rest after the delay', () => {
    const batch = create();
    for (const n of [1, 2, 3, 4]) batch.add(n);
    expect(onBatch.mock.calls).toEqual([[[1, 2, 3]]]);
    vi.advanceTimersByTime(99);
    expect(onBatch).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(onBatch.mock.calls[1]).toEqual([[4]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps what could not be handed on, and tries it again in order', () => {
    const batch = create();
    onBatch.mockImplementationOnce(() => {
      throw new Error('disk full');
    });
    for (const n of [1, 2, 3, 4, 5]) batch.add(n);
    expect(onFault).toHaveBeenCalledTimes(1);
    expect(onBatch).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(onBatch.mock.calls.slice(1)).toEqual([[[1, 2, 3]], [[4, 5]]]);
    batch.add(6);
    vi.advanceTimersByTime(100);
    expect(onBatch.mock.lastCall).toEqual([[6]]);
  });

  it('forgets all when it is discarded', () => {
    const batch = create();
    batch.add(1);
    batch.discard();
    batch.add(2);
    batch.flush();
    vi.advanceTimersByTime(1000);
    expect(onBatch).not.toHaveBeenCalled();
  });
});
