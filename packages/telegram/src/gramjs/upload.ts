import { createHash, randomBytes } from 'node:crypto';
import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { FileToUpload, UploadedFile } from '../account.ts';
import {
  CallTimedOut,
  FloodWait,
  NotConnected,
  Refused,
  TelegramError,
  TelegramUnavailable,
} from '../errors.ts';
import type { Logger } from '../logger.ts';
import { backoffMs, sleep, untilAborted } from './timing.ts';

/** The largest part that Telegram takes (https://core.telegram.org/api/files). */
const partBytes = 512 * 1024;
/** Above this a file goes up as big parts, which need no checksum. */
const smallFileBytes = 10 * 1024 * 1024;
/** A longer wait than this is the caller's to decide about. */
const longestFloodWaitS = 300;
const attemptsPerPart = 8;

interface UploadOptions {
  save: (part: Api.upload.SaveFilePart | Api.upload.SaveBigFilePart) => Promise<boolean>;
  workers: number;
  maxParts: number;
  /** Ends the upload when the account closes. */
  signal: AbortSignal;
  log: Logger;
}

/** Uploads a file's parts, several at a time, each until it is accepted. */
export const upload = async (file: FileToUpload, options: UploadOptions): Promise<UploadedFile> => {
  const { name, sizeBytes, onProgress } = file;
  const parts = Math.ceil(sizeBytes / partBytes);
  if (parts === 0) throw new Refused('FILE_PART_EMPTY', 'upload');
  if (parts > options.maxParts) throw new Refused('FILE_PARTS_INVALID', 'upload');
  const isBig = sizeBytes > smallFileBytes;
  const fileId = bigInt(randomBytes(8).readBigInt64LE().toString());
  const small: Uint8Array[] = [];

  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal, ...(file.signal ? [file.signal] : [])]);
  const pause = { until: 0 };
  let next = 0;
  let sentBytes = 0;

  const worker = async () => {
    while (next < parts && !signal.aborted) {
      const filePart = next++;
      const start = filePart * partBytes;
      const end = Math.min(start + partBytes, sizeBytes);
      const bytes = await file.read({ start, end });
      if (bytes.byteLength !== end - start)
        throw new TelegramError('SOURCE_CHANGED', 'upload', {
          cause: new RangeError(`${bytes.byteLength} bytes were read from ${start} to ${end}`),
        });
      if (!isBig) small[filePart] = bytes;
      const part = { fileId, filePart, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      const request = isBig
        ? new Api.upload.SaveBigFilePart({ ...part, fileTotalParts: parts })
        : new Api.upload.SaveFilePart(part);
      await savePart(request, { ...options, signal, pause });
      sentBytes += bytes.byteLength;
      if (!signal.aborted) onProgress?.(sentBytes);
    }
  };

  try {
    await untilAborted(Promise.all(Array.from({ length: options.workers }, worker)), signal);
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  const md5 = createHash('md5');
  for (const bytes of small) md5.update(bytes);
  return { fileId: fileId.toString(), parts, name, sizeBytes, ...(!isBig && { md5: md5.digest('hex') }) };
};

interface PartOptions extends Pick<UploadOptions, 'save' | 'log' | 'signal'> {
  /** Shared by the workers: a flood wait is about the method, so about all of them. */
  pause: { until: number };
}

const savePart = async (
  request: Api.upload.SaveFilePart | Api.upload.SaveBigFilePart,
  { save, log, signal, pause }: PartOptions,
): Promise<void> => {
  for (let failures = 0; ; ) {
    while (pause.until > performance.now()) await sleep(pause.until - performance.now(), signal);
    signal.throwIfAborted();
    try {
      if (!(await save(request))) throw new TelegramUnavailable('FILE_PART_NOT_SAVED', request.className);
      return;
    } catch (error) {
      if (error instanceof FloodWait && error.seconds <= longestFloodWaitS) {
        pause.until = Math.max(pause.until, performance.now() + error.seconds * 1000);
        continue;
      }
      const passing =
        error instanceof TelegramUnavailable ||
        error instanceof CallTimedOut ||
        error instanceof NotConnected;
      if (!passing || ++failures === attemptsPerPart) throw error;
      log.debug({ err: error, part: request.filePart, failures }, 'An upload part is repeated');
      await sleep(backoffMs(failures, { firstMs: 250, maxMs: 10_000 }), signal);
    }
  }
};

/** The file as other calls name it. */
export const toInputFile = ({ fileId, parts, name, md5 }: UploadedFile): Api.InputFile | Api.InputFileBig => {
  const id = bigInt(fileId);
  return md5 === undefined
    ? new Api.InputFileBig({ id, parts, name })
    : new Api.InputFile({ id, parts, name, md5Checksum: md5 });
};
