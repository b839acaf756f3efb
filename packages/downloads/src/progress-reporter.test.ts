import type { Asker, Lease } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answers, ProgressStep } from './answers.ts';
import { progressReporter } from './progress-reporter.ts';

const askerOf = (messageId: number) => ({ origin: { messageId } }) as Asker;

const reporter = (askers: number) => {
  const debug = vi.fn<() => void>();
  const info = vi.fn<() => void>();
  const progress = vi.fn<Answers['progress']>();
  const lease = {
    askers: async () => Array.from({ length: askers }, (_, n) => askerOf(n)),
    report: vi.fn<Lease['report']>(async () => undefined),
  };
  const report = progressReporter(lease as Partial<Lease> as Lease, {
    answers: { progress } as Partial<Answers> as Answers,
    intervalMs: 3000,
    log: { debug, info } as Partial<Logger> as Logger,
  });
  /** What the asker heard. */
  const heardBy = (messageId: number): ProgressStep[] =>
    progress.mock.calls.filter(([{ origin }]) => origin.messageId === messageId).map(([, step]) => step);
  return { report, lease, debug, heardBy, progress };
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('progressReporter', () => {
  it('goes on where the clock is set back', async () => {
    const { report, lease } = reporter(1);
    report({ phase: 'downloading', bytes: 1 });
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(3000);
    report({ phase: 'downloading', bytes: 2 });
    expect(lease.report).toHaveBeenCalledTimes(2);
  });

  it('reports each new phase at once and a phase at most once per interval', async () => {
    const { report, heardBy, lease } = reporter(1);
    report({ phase: 'downloading', bytes: 1 });
    report({ phase: 'downloading', bytes: 2 });
    vi.advanceTimersByTime(2999);
    report({ phase: 'downloading', bytes: 3 });
    vi.advanceTimersByTime(1);
    report({ phase: 'downloading', bytes: 4 });
    report({ phase: 'converting' });
    await vi.waitFor(() =>
      expect(heardBy(0)).toEqual([
        { phase: 'downloading', bytes: 1 },
        { phase: 'downloading', bytes: 3 },
        { phase: 'converting' },
      ]),
    );
    expect(lease.report).toHaveBeenLastCalledWith({ phase: 'converting' });
  });

  it('tells the newest step when the interval is over, though nothing follows it, unless it is ended', async () => {
    const { report, heardBy } = reporter(1);
    for (const bytes of [1, 2, 3]) report({ phase: 'downloading', bytes });
    await vi.advanceTimersByTimeAsync(2999);
    expect(heardBy(0)).toEqual([{ phase: 'downloading', bytes: 1 }]);
    await vi.advanceTimersByTimeAsync(1);
    expect(heardBy(0).at(-1)).toEqual({ phase: 'downloading', bytes: 3 });
    report({ phase: 'downloading', bytes: 4 });
    report.end();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heardBy(0)).toHaveLength(2);
  });

  it('tells twenty askers at a time, and the others in their turn', async () => {
    const { report, progress, heardBy } = reporter(50);
    for (const phase of ['probing', 'downloading', 'converting'] as const) {
      const before = progress.mock.calls.length;
      report({ phase });
      await vi.waitFor(() => expect(progress).toHaveBeenCalledTimes(before + 20));
    }
    expect(Array.from({ length: 50 }, (_, n) => heardBy(n).length)).not.toContain(0);
  });

  it('drops a report that cannot be made', async () => {
    const { report, lease, debug, progress } = reporter(1);
    lease.report.mockRejectedValue(new Error('away'));
    report({ phase: 'storing' });
    await vi.waitFor(() => expect(debug).toHaveBeenCalledOnce());
    expect(progress).not.toHaveBeenCalled();
  });
});
