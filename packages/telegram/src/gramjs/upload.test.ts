import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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
