import type { Logger } from '@heavy/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countTooOld, isTooOld } from './too-old.ts';

describe('isTooOld', () => {
  it.each([
    ['at the limit', 3600, false],
    ['with a clock that is some seconds fast', 3605, false],
    ['beyond it', 3606, true],
    ['typed in the future of our clock', -30, false],
  ])('%s', (_, ageS, old) => expect(isTooOld(1_000_000, (1_000_000 + ageS) * 1000, 3600)).toBe(old));
});

describe('countTooOld', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const world = () => {
    const warn = vi.fn();
    const ending = new AbortController();
    return { warn, ending, count: countTooOld({ warn } as unknown as Logger, ending.signal) };
  };

  it('logs the number once, when no more come', () => {
    const { warn, count } = world();
    for (let n = 0; n < 5; n += 1) {
      count();
      vi.advanceTimersByTime(900);
    }
    expect(warn).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(warn).toHaveBeenCalledExactlyOnceWith({ count: 5 }, expect.anything());
    count();
    vi.advanceTimersByTime(1000);
    expect(warn).toHaveBeenLastCalledWith({ count: 1 }, expect.anything());
  });

  it('logs it at once when the term ends', () => {
    const { warn, count, ending } = world();
    count();
    ending.abort();
    expect(warn).toHaveBeenCalledExactlyOnceWith({ count: 1 }, expect.anything());
    vi.runAllTimers();
    expect(warn).toHaveBeenCalledOnce();
  });
});
