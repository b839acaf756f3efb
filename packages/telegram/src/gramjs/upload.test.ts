import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UploadRecord } from '../account.ts';
import { CallTimedOut, FloodWait, TelegramUnavailable } from '../errors.ts';
import { upload } from './upload.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const file = {
  name: 'f',
  sizeBytes: 2_000_000,
  read: async (r: { start: number; end: number }) => new Uint8Array(r.end - r.start),
};
const options = { workers: 2, maxParts: 4000, signal: new AbortController().signal, log };

describe('upload', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('keeps as many parts under way as there are workers', async () => {
    let underWay = 0;
    let most = 0;
    const save = vi.fn(async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 10));
      underWay--;
      return true;
    });
    const uploading = upload(file, { ...options, save });
    await vi.runAllTimersAsync();
    expect(await uploading).toMatchObject({ parts: 4, md5: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(save).toHaveBeenCalledTimes(4);
    expect(most).toBe(2);
  });

  it('holds all workers for the time of a flood wait', async () => {
    const save = vi.fn(async () => true);
    save.mockRejectedValueOnce(new FloodWait(30, 'upload.SaveFilePart'));
    const uploading = upload(file, { ...options, save });
    await vi.advanceTimersByTimeAsync(29_000);
    const before = save.mock.calls.length;
    expect(before).toBeLessThanOrEqual(2);
    await vi.advanceTimersByTimeAsync(2_000);
    await uploading;
    expect(save).toHaveBeenCalledTimes(5);
  });

  it('leaves a flood wait of more than an hour to the caller', async () => {
    const save = async () => Promise.reject(new FloodWait(3601, 'upload.SaveFilePart'));
    await expect(upload(file, { ...options, save })).rejects.toMatchObject({ seconds: 3601 });
  });

  it('gives a part up after eight attempts', async () => {
    const save = vi.fn(async (): Promise<boolean> => Promise.reject(new CallTimedOut('upload.SaveFilePart')));
    const uploading = expect(upload(file, { ...options, workers: 1, save })).rejects.toThrow(CallTimedOut);
    await vi.runAllTimersAsync();
    await uploading;
    expect(save).toHaveBeenCalledTimes(8);
  });

  it('takes a part that was not saved as a passing fault', async () => {
    const save = async () => false;
    const uploading = expect(upload(file, { ...options, save })).rejects.toThrow(TelegramUnavailable);
    await vi.runAllTimersAsync();
    await uploading;
  });

  it('does not send again what is in the record, unless it has become another; and records what is accepted', async () => {
    const saved: number[] = [];
    const save = async (request: { filePart: number; fileId: unknown }) => {
      expect(`${request.fileId}`).toBe('42');
      saved.push(request.filePart);
      return true;
    };
    const sums = new Map<number, number>();
    const record: UploadRecord = {
      ...{ fileId: '42', isAccepted: (part, sum) => sums.get(part) === sum },
      accepted: (part, sum) => void sums.set(part, sum),
    };
    const progress: number[] = [];
    const big = {
      ...file,
      sizeBytes: 21 * 512 * 1024,
      record,
      onProgress: (sent: number) => progress.push(sent),
    };
    expect(await upload(big, { ...options, save })).toMatchObject({ fileId: '42', parts: 21 });
    expect(saved).toHaveLength(21);
    expect(sums.size).toBe(21);
    saved.length = 0;
    sums.delete(3);
    const read: typeof file.read = async ({ start, end }) =>
      new Uint8Array(end - start).fill(start === 5 * 512 * 1024 ? 1 : 0);
    progress.length = 0;
    await upload({ ...big, read }, { ...options, save });
    expect(saved.toSorted()).toEqual([3, 5]);
    expect(progress.at(-1)).toBe(big.sizeBytes);
  });

  it('needs no record for a small file', async () => {
    const save = vi.fn(async () => true);
    const accepted = vi.fn();
    await upload(
      { ...file, record: { fileId: '42', isAccepted: () => true, accepted } },
      { ...options, save },
    );
    expect(save).toHaveBeenCalledTimes(4);
    expect(accepted).not.toHaveBeenCalled();
  });

  it('refuses an empty file, and one of too many parts', async () => {
    const save = async () => true;
    await expect(upload({ ...file, sizeBytes: 0 }, { ...options, save })).rejects.toMatchObject({
      code: 'FILE_PART_EMPTY',
    });
    await expect(upload(file, { ...options, save, maxParts: 3 })).rejects.toMatchObject({
      code: 'FILE_PARTS_INVALID',
    });
  });

  it('rejects where the source gives less than it said', async () => {
    const save = async () => true;
    const read = async () => new Uint8Array(3);
    await expect(upload({ ...file, read }, { ...options, save })).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
  });
});
