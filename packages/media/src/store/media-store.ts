import type { Readable } from 'node:stream';

/** A stored object without its bytes. */
export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  /** A media type: `video/mp4`. */
  type: string;
  /** Any text under camelCase names of letters and digits. */
  metadata: Record<string, string>;
  storedAt: Date;
}

/** The bytes to store: a file, which must not be changed any more (it may go), or a stream, whose length is checked where `sizeBytes` gives it. */
export type ObjectSource = { path: string } | { stream: Readable; sizeBytes?: number };

/** First and last byte, both included. An end past the object's is its end. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Where media are kept. An object appears whole, with its metadata, at the moment its `put` succeeds; until then,
 * and when it fails, dies or is aborted, `find` and `read` see what was there before. The last of concurrent puts stays.
 */
export interface MediaStore {
  /** @throws SourceMismatch where the stream's length is not `sizeBytes`; the signal's reason where it aborts. */
  put(
    key: string,
    source: ObjectSource,
    about: { type: string; metadata: Record<string, string> },
    signal?: AbortSignal,
  ): Promise<ObjectInfo>;
  find(key: string): Promise<ObjectInfo | null>;
  /** @throws ObjectMissing; RangeError where the range begins past the end or ends before its start. */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /**
   * Only where the bytes are a file of this machine: its path, for reading. The file may be gone at any time.
   * @throws ObjectMissing
   */
  pathOf?(key: string): Promise<string>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /**
   * The objects whose key begins with `prefix`, in no particular order. One that appears or goes meanwhile may be among them
   * or not; all others are, once each.
   */
  list(prefix?: string): AsyncIterable<ObjectInfo>;
  /** Resolves where objects can be stored now, and rejects with the reason where they cannot. */
  check(): Promise<void>;
}

/** There is no object under this key. */
export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`no object ${key}`, options);
    this.key = key;
  }
}

/** The source was not as long as it was said to be: cut off on its way, for example. */
export class SourceMismatch extends Error {
  override readonly name = 'SourceMismatch';
}

const segment = '[A-Za-z0-9_-][A-Za-z0-9._-]*';
const keyPattern = new RegExp(`^${segment}(/${segment})*$`);
const namePattern = /^[a-z][a-zA-Z0-9]*$/;

/** Whether it is a relative path of plain names: `video/<hash>.mp4`. */
export const isKey = (key: string): boolean => keyPattern.test(key) && key.length <= 512;

/** @throws {TypeError} unless {@link isKey}. */
export const checkKey = (key: string): void => {
  if (!isKey(key)) throw new TypeError(`not an object key: ${JSON.stringify(key)}`);
};

/** @throws {TypeError} unless every name is camelCase, which every driver keeps. */
export const checkMetadata = (metadata: Record<string, string>): void => {
  for (const name of Object.keys(metadata))
    if (!namePattern.test(name)) throw new TypeError(`not a metadata name: ${JSON.stringify(name)}`);
};

/**
 * The range within an object of `sizeBytes`.
 * @throws {RangeError}
 */
export const clipRange = ({ start, end }: ByteRange, sizeBytes: number): ByteRange => {
  if (!Number.isSafeInteger(start) || start < 0 || start >= sizeBytes || end < start)
    throw new RangeError(`bytes ${start} to ${end} of ${sizeBytes}`);
  return { start, end: Math.min(end, sizeBytes - 1) };
};
