import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoffMs, sleep, untilAborted, within } from './timing.ts';

const never = new Promise<never>(() => {});
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('within', () => {
  const late = () => new Error('too late');

  it('gives what the promise gives, and leaves no timer', async () => {
    await expect(within(Promise.resolve(1), 1000, late)).resolves.toBe(1);
    await expect(within(Promise.reject(new Error('no')), 1000, late)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects when the time is over', async () => {
    const outcome = expect(within(never, 1000, late)).rejects.toThrow('too late');
    await vi.advanceTimersByTimeAsync(1000);
    await outcome;
  });
});

describe('untilAborted', () => {
  it('gives what the promise gives, and leaves no listener', async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(listeners(signal)).toBe(0);
  });

  it('rejects with the reason of the signal, at once or later', async () => {
    const controller = new AbortController();
    const later = expect(untilAborted(never, controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await later;
    await expect(untilAborted(never, controller.signal)).rejects.toThrow('enough');
  });

  it('takes charge of a promise that fails after the abort', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(untilAborted(promise, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    // Vitest fails the run for a rejection that nobody handles.
    reject(new Error('afterwards'));
  });
});

describe('sleep', () => {
  it('ends when the time is over', async () => {
    const { signal } = new AbortController();
    const woken = vi.fn();
    const slept = sleep(1000, signal).then(woken);
    await vi.advanceTimersByTimeAsync(999);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await slept;
    expect(listeners(signal)).toBe(0);
  });

  it('ends with the reason of the signal, and leaves no timer', async () => {
    const controller = new AbortController();
    const slept = expect(sleep(1000, controller.signal)).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await slept;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('backoffMs', () => {
  it('doubles up to its limit, and leaves at most half to chance', () => {
    for (const [attempt, full] of [
      [0, 250],
      [1, 500],
      [4, 4000],
      [7, 30_000],
      [2000, 30_000],
    ] as const)
      for (let i = 0; i < 50; i++) {
        const ms = backoffMs(attempt, { firstMs: 250, maxMs: 30_000 });
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      }
  });
});
