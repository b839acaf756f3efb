import type { Downloader, Ledger, Retention } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepRetained } from './keep-retained.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('keepRetained', () => {
  it('sweeps at once and again and again, whatever fails, until it is ended', async () => {
    const warn = vi.fn<() => void>();
    const retention = { sweep: vi.fn<Retention['sweep']>(async () => ({ deleted: [] })) };
    const downloader = { sweep: vi.fn<Downloader['sweep']>().mockRejectedValue(new Error('disk away')) };
    const ledger = { sweep: vi.fn<Ledger['sweep']>(async () => []) };
    const end = keepRetained({
      ...{ retention, downloader, leftoversKeptMs: 5 },
      ledger: ledger as Partial<Ledger> as Ledger,
      log: { warn } as Partial<Logger> as Logger,
    });
    const sweeps = [retention.sweep, downloader.sweep, ledger.sweep];
    expect(sweeps.map(({ mock }) => mock.calls.length)).toEqual([1, 1, 1]);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sweeps.map(({ mock }) => mock.calls.length)).toEqual([2, 2, 61]);
    expect(downloader.sweep).toHaveBeenLastCalledWith(5);
    expect(warn).toHaveBeenCalledTimes(2);
    end();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(sweeps.map(({ mock }) => mock.calls.length)).toEqual([2, 2, 61]);
  });
});
