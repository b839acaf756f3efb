import { type FileHandle, open } from 'node:fs/promises';
import { badRequest } from '../rpc-error.ts';

/** https://core.telegram.org/api/files#uploading-files */
export const maxPartBytes = 512 * 1024;
/** Of accounts without premium. */
const defaultMaxParts = 4000;

/** A file that is complete on disk. */
export interface SpooledFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * A file that comes in parts, in any order, and goes to disk as it comes. All parts but the last are of one size, which is
 * known from the first part, or from any that cannot be the last; parts that come before that wait in memory.
 */
export class Upload {
  readonly path: string;
  #handle: Promise<FileHandle>;
  #sizes = new Map<number, number>();
  #partBytes: number | undefined;
  #maxParts = defaultMaxParts;
  #waiting = new Map<number, Buffer>();
  #finished: Promise<SpooledFile> | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string) {
    this.path = path;
    this.#handle = open(path, 'w');
    // Whoever writes first is told; this keeps the process from ending over it in the meantime.
    this.#handle.catch(() => undefined);
  }

  /**
   * Writes one part at its place; the same part again replaces it.
   * @throws {RpcError} `FILE_PART_*` where Telegram refuses it.
   */
  async write(
    part: number,
    bytes: Buffer,
    totalParts: number | undefined,
    maxParts = defaultMaxParts,
  ): Promise<void> {
    const isLast = totalParts !== undefined && part === totalParts - 1;
    this.#maxParts = maxParts;
    this.#check(part, bytes, totalParts, isLast);
    this.#sizes.set(part, bytes.length);
    if (part === 0 || (totalParts !== undefined && !isLast)) this.#partBytes ??= bytes.length;
    this.#waiting.set(part, bytes);
    const partBytes = this.#partBytes;
    // A part that comes again after the file was put together is nothing new.
    if (partBytes === undefined || this.#finished !== undefined) return;
    const ready = [...this.#waiting];
    this.#waiting.clear();
    const handle = await this.#handle;
    await Promise.all(
      ready.map(([index, content]) => handle.write(content, 0, content.length, index * partBytes)),
    );
  }

  /**
   * The whole file, as of `parts` parts; asked again it gives the same.
   * @throws {RpcError} `FILE_PART_X_MISSING` with the first part that never came, `FILE_PARTS_INVALID`.
   */
  finish(parts: number): Promise<SpooledFile> {
    this.#finished ??= this.#assemble(parts).catch((error: unknown) => {
      this.#finished = undefined;
      throw error;
    });
    return this.#finished;
  }

  /** Lets go of the file; what was written stays. */
  close(): Promise<void> {
    this.#closed ??= this.#handle.then(
      (handle) => handle.close(),
      () => undefined, // It was never open, which the first part has told.
    );
    return this.#closed;
  }

  #check(part: number, bytes: Buffer, totalParts: number | undefined, isLast: boolean): void {
    if (totalParts !== undefined && (totalParts < 1 || totalParts > this.#maxParts))
      throw badRequest('FILE_PARTS_INVALID');
    if (part < 0 || part >= this.#maxParts || (totalParts !== undefined && part >= totalParts))
      throw badRequest('FILE_PART_INVALID');
    if (bytes.length === 0) throw badRequest('FILE_PART_EMPTY');
    if (bytes.length > maxPartBytes) throw badRequest('FILE_PART_TOO_BIG');
    if (isLast || totalParts === undefined) return;
    if (bytes.length % 1024 !== 0 || maxPartBytes % bytes.length !== 0)
      throw badRequest('FILE_PART_SIZE_INVALID');
    if (this.#partBytes !== undefined && bytes.length !== this.#partBytes)
      throw badRequest('FILE_PART_SIZE_CHANGED');
  }

  async #assemble(parts: number): Promise<SpooledFile> {
    if (parts < 1 || parts > this.#maxParts) throw badRequest('FILE_PARTS_INVALID');
    for (let part = 0; part < parts; part++)
      if (!this.#sizes.has(part)) throw badRequest(`FILE_PART_${part}_MISSING`);
    const partBytes = this.#partBytes ?? 0;
    const last = this.#sizes.get(parts - 1) ?? 0;
    const whole = [...this.#sizes].every(([part, size]) => size === partBytes || part === parts - 1);
    if (this.#sizes.size !== parts || !whole || last > partBytes) throw badRequest('FILE_PARTS_INVALID');
    await this.close();
    return { path: this.path, sizeBytes: partBytes * (parts - 1) + last };
  }
}
