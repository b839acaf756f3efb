import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepPruned } from './prune.ts';

describe('keepPruned', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const retention = { days: 1, rows: 10 };

  it('deletes part by part until nothing is too much, and then every minute', () => {
    const prune = vi.fn().mockReturnValueOnce(10_000).mockReturnValueOnce(5).mockReturnValue(0);
    const end = keepPruned({ store: { prune }, retention, log });
    vi.advanceTimersByTime(100);
    expect(prune).toHaveBeenCalledTimes(3);
    vi.advanceTimersByTime(59_000);
    expect(prune).toHaveBeenCalledTimes(3);
    vi.advanceTimersByTime(1000);
    expect(prune).toHaveBeenCalledTimes(4);
    end();
    vi.advanceTimersByTime(600_000);
    expect(prune).toHaveBeenCalledTimes(4);
  });

  it('goes on after a failure', () => {
    const prune = vi.fn().mockReturnValue(0);
    prune.mockImplementationOnce(() => {
      throw new Error('locked');
    });
    const end = keepPruned({ store: { prune }, retention, log });
    expect(log.error).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60_000);
    expect(prune).toHaveBeenCalledTimes(2);
    end();
  });
});
