import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { backoffMs, sleep, untilAborted } from '@heavy/timing';
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
import { release } from './release.ts';

/** The largest part that Telegram takes (https://core.telegram.org/api/files). */
export const partBytes = 512 * 1024;
/** Above this a file goes up as big parts, which need no checksum. */
const smallFileBytes = 10 * 1024 * 1024;
/** A longer wait than this is the caller's to decide about: Telegram forgets parts that no message was made of. */
const longestFloodWaitS = 3600;
const attemptsPerPart = 8;

type SavePart = Api.upload.SaveFilePart | Api.upload.SaveBigFilePart;

interface SaveOptions {
  save: (part: SavePart) => Promise<boolean>;
  /** Ends the upload when the account closes. */
  signal: AbortSignal;
  log: Logger;
}

interface UploadOptions extends SaveOptions {
  workers: number;
  maxParts: number;
}

/** `upload.saveBigFilePart`, written into one buffer: the library's own writing takes three of half a megabyte. */
const bigFilePart = (part: ConstructorParameters<typeof Api.upload.SaveBigFilePart>[0]) => {
  const request = new Api.upload.SaveBigFilePart(part);
  const { CONSTRUCTOR_ID, fileId, filePart, fileTotalParts, bytes } = request;
  const getBytes = (): Buffer => {
    const padding = (4 - (bytes.length % 4)) % 4;
    const message = Buffer.allocUnsafeSlow(24 + bytes.length + padding);
    message.writeUInt32LE(CONSTRUCTOR_ID, 0);
    message.writeBigUInt64LE(BigInt.asUintN(64, BigInt(fileId.toString())), 4);
    message.writeInt32LE(filePart, 12);
    message.writeInt32LE(fileTotalParts, 16);
    // A byte string of 254 bytes or more (https://core.telegram.org/mtproto/serialize#base-types).
    message.writeUInt32LE(bytes.length * 256 + 254, 20);
    bytes.copy(message, 24);
    message.fill(0, 24 + bytes.length);
    return message;
  };
  return Object.assign(request, { getBytes });
};

/** Reads a part from its source. @throws {TelegramError} `SOURCE_CHANGED` where it is not as long as it should be. */
const readPart = async ({ sizeBytes, read }: FileToUpload, part: number): Promise<Uint8Array> => {
  const start = part * partBytes;
  const end = Math.min(start + partBytes, sizeBytes);
  const bytes = await read({ start, end });
  if (bytes.byteLength === end - start) return bytes;
  throw new TelegramError('SOURCE_CHANGED', 'upload', {
    cause: new RangeError(`${bytes.byteLength} bytes were read from ${start} to ${end}`),
  });
};

const requestFor = (
  fileId: bigInt.BigInteger,
  filePart: number,
  parts: number,
  big: boolean,
  bytes: Uint8Array,
) => {
  const part = { fileId, filePart, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  return big ? bigFilePart({ ...part, fileTotalParts: parts }) : new Api.upload.SaveFilePart(part);
};

/** Uploads a file's parts, several at a time, each until it is accepted; those that the file's record has are not sent again. */
export const upload = async (file: FileToUpload, options: UploadOptions): Promise<UploadedFile> => {
  const { name, sizeBytes, onProgress } = file;
  const parts = Math.ceil(sizeBytes / partBytes);
  if (parts === 0) throw new Refused('FILE_PART_EMPTY', 'upload');
  if (parts > options.maxParts) throw new Refused('FILE_PARTS_INVALID', 'upload');
  const isBig = sizeBytes > smallFileBytes;
  const record = isBig ? file.record : undefined;
  const fileId = bigInt(record?.fileId ?? randomBytes(8).readBigInt64LE().toString());
  const small: Uint8Array[] = [];

  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal, ...(file.signal ? [file.signal] : [])]);
  const pause = { until: 0 };
  let next = 0;
  let sentBytes = 0;

  const worker = async () => {
    while (next < parts && !signal.aborted) {
      const filePart = next++;
      const bytes = await readPart(file, filePart);
      const { byteLength } = bytes;
      if (!isBig) small[filePart] = bytes;
      const sum = record && crc32(bytes);
      if (sum === undefined || !record?.isAccepted(filePart, sum)) {
        await savePart(requestFor(fileId, filePart, parts, isBig, bytes), { ...options, signal, pause });
        if (sum !== undefined) record?.accepted(filePart, sum);
      }
      if (isBig) release(bytes);
      sentBytes += byteLength;
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

/** Sends one part of an upload again, until it is accepted. */
export const uploadPart = async (
  { fileId, parts, md5 }: UploadedFile,
  part: number,
  file: FileToUpload,
  options: SaveOptions,
): Promise<void> => {
  const signal = file.signal ? AbortSignal.any([options.signal, file.signal]) : options.signal;
  const request = requestFor(bigInt(fileId), part, parts, md5 === undefined, await readPart(file, part));
  await untilAborted(savePart(request, { ...options, signal, pause: { until: 0 } }), signal);
};

interface PartOptions extends SaveOptions {
  /** Shared by the workers: a flood wait is about the method, so about all of them. */
  pause: { until: number };
}

const savePart = async (request: SavePart, { save, log, signal, pause }: PartOptions): Promise<void> => {
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
      // Without a connection there was no attempt: what is accepted stays accepted until there is one again.
      const unsent = error instanceof NotConnected;
      const passing = unsent || error instanceof TelegramUnavailable || error instanceof CallTimedOut;
      if (!unsent) failures += 1;
      if (!passing || failures === attemptsPerPart) throw error;
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
