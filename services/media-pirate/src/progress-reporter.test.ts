import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { progressReporter } from './progress-reporter.ts';

const origin = { account: 1, chatId: 2, messageId: 3, userId: 4 };

const reporter = (publishNow = vi.fn(async () => undefined)) => {
  const debug = vi.fn();
  const report = progressReporter(origin, { publishNow } as unknown as HandlerContext, {
    intervalMs: 3000,
    log: { debug } as unknown as Logger,
  });
  return { report, publishNow, debug };
};

afterEach(() => vi.useRealTimers());

describe('progressReporter', () => {
  it('reports each new phase at once and a phase at most once per interval', () => {
    vi.useFakeTimers();
    const { report, publishNow } = reporter();
    report({ phase: 'downloading', bytes: 1 });
    report({ phase: 'downloading', bytes: 2 });
    vi.advanceTimersByTime(2999);
    report({ phase: 'downloading', bytes: 3 });
    vi.advanceTimersByTime(1);
    report({ phase: 'downloading', bytes: 4 });
    report({ phase: 'converting' });
    const steps = (publishNow.mock.calls as unknown as [unknown, { phase: string; bytes?: number }][]).map(
      ([, { phase, bytes }]) => [phase, bytes],
    );
    expect(steps).toEqual([
      ['downloading', 1],
      ['downloading', 4],
      ['converting', undefined],
    ]);
  });

  it('drops a report that cannot be published', async () => {
    const { report, debug } = reporter(vi.fn(() => Promise.reject(new Error('away'))));
    report({ phase: 'queued' });
    await vi.waitFor(() => expect(debug).toHaveBeenCalledOnce());
  });
});
