import { describe, expect, it, vi } from 'vitest';
import { backoffMs, keepUp, pause } from './backoff.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

describe('backoffMs', () => {
  it('doubles from 100 ms to 5 s, half of it at random', () => {
    expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 1))).toEqual([100, 200, 400, 800]);
    expect(backoffMs(0, 0)).toBe(50);
    expect(backoffMs(1_000_000, 1)).toBe(5000);
  });
});

describe('pause', () => {
  it('ends early when the signal aborts', async () => {
    const abort = new AbortController();
    const paused = pause(60_000, abort.signal);
    abort.abort();
    expect(await paused).toBe(false);
    expect(await pause(0, new AbortController().signal)).toBe(true);
  });
});

describe('keepUp', () => {
  it('runs the session again after it fails or ends, until the signal aborts', async () => {
    const abort = new AbortController();
    let runs = 0;
    await keepUp(
      async () => {
        runs += 1;
        if (runs === 1) throw new Error('no');
        if (runs === 3) abort.abort();
      },
      { name: 'session', log, signal: abort.signal },
    );
    expect(runs).toBe(3);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });
});
