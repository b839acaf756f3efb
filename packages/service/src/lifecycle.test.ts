import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLifecycle } from './lifecycle.ts';

describe('createLifecycle', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const create = () => {
    const happened: string[] = [];
    const exit = vi.fn();
    const lifecycle = createLifecycle({
      log: pino({ level: 'silent' }),
      graceMs: 10_000,
      flush: async () => void happened.push('flush'),
      exit,
    });
    return { happened, exit, lifecycle };
  };

  it('drains, runs the steps in reverse order, flushes, and exits with 0', async () => {
    const { happened, exit, lifecycle } = create();
    lifecycle.drainWith(async (graceMs) => void happened.push(`drain within ${graceMs}`));
    lifecycle.onStop('first', () => void happened.push('first'));
    lifecycle.onStop('second', async () => void happened.push('second'));
    lifecycle.running();
    expect(lifecycle.phase).toBe('running');
    lifecycle.stop('test', 0);
    expect(lifecycle.phase).toBe('draining');
    await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(0));
    expect(happened).toEqual(['drain within 7500', 'second', 'first', 'flush']);
  });

  it('goes on after a step that fails, and exits with 1', async () => {
    const { happened, exit, lifecycle } = create();
    lifecycle.onStop('first', () => void happened.push('first'));
    lifecycle.onStop('second', () => Promise.reject(new Error('no')));
    lifecycle.stop('test', 0);
    await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(1));
    expect(happened).toEqual(['first', 'flush']);
  });

  it('exits with 1 when the grace period is over', async () => {
    const { exit, lifecycle } = create();
    lifecycle.onStop('endless', () => new Promise(() => undefined));
    lifecycle.stop('test', 0);
    await vi.advanceTimersByTimeAsync(9999);
    expect(exit).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(exit).toHaveBeenCalledWith(1);
  });

  it('stops once, and keeps the worst exit code', async () => {
    const { happened, exit, lifecycle } = create();
    lifecycle.onStop('only', () => void happened.push('only'));
    lifecycle.stop('signal', 0);
    lifecycle.stop('crash', 1);
    lifecycle.stop('signal', 0);
    await vi.waitFor(() => expect(exit).toHaveBeenCalledWith(1));
    expect(happened).toEqual(['only', 'flush']);
  });

  it('does not become ready any more once it is stopping', () => {
    const { lifecycle } = create();
    lifecycle.stop('signal', 0);
    lifecycle.running();
    expect(lifecycle.phase).toBe('draining');
  });
});
