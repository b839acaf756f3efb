import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { badRequest } from '../rpc-error.ts';
import { jpegSize } from './image-size.ts';
import { type MediaDescription, readRange, thumbnailOf, WorldMedia, type WorldThumbnail } from './media.ts';
import { type SpooledFile, Upload } from './upload.ts';

/** https://core.telegram.org/api/files#uploading-files: a thumbnail beyond these is ignored. */
const maxThumbnailPixels = 320;
const maxThumbnailBytes = 200 * 1024;
/** A JPEG's size stands in its first segments. */
const jpegHeaderBytes = 64 * 1024;

/** One part of an upload that was written. */
export interface AcceptedPart {
  readonly userId: number;
  readonly fileId: bigint;
  readonly part: number;
}

/** All files of the data centre, spooled to a folder of its own; in memory are only parts without a place yet. */
export class Files {
  readonly accepted: AcceptedPart[] = [];
  #folder: string;
  #uploads = new Map<string, Upload>();
  #media = new Map<bigint, WorldMedia>();
  #named = 0;

  /** Makes a new folder under `parent`. */
  constructor(parent: string = tmpdir()) {
    mkdirSync(parent, { recursive: true });
    this.#folder = mkdtempSync(join(parent, 'local-telegram-'));
  }

  /** @throws {RpcError} */
  async savePart(
    { userId, fileId, part }: AcceptedPart,
    bytes: Buffer,
    { totalParts, maxParts }: { totalParts?: number | undefined; maxParts: number },
  ): Promise<void> {
    const key = `${userId} ${fileId}`;
    const upload = this.#uploads.get(key) ?? new Upload(this.#newPath());
    this.#uploads.set(key, upload);
    await upload.write(part, bytes, totalParts, maxParts);
    this.accepted.push({ userId, fileId, part });
  }

  /** @throws {RpcError} */
  async uploaded(userId: number, fileId: bigint, parts: number): Promise<SpooledFile> {
    const upload = this.#uploads.get(`${userId} ${fileId}`);
    if (!upload) throw badRequest('FILE_PART_0_MISSING');
    return upload.finish(parts);
  }

  add(file: SpooledFile, description: MediaDescription, thumbnail?: WorldThumbnail): WorldMedia {
    const id = randomBytes(8).readBigInt64LE();
    const media = new WorldMedia(id, file, description, thumbnail);
    this.#media.set(id, media);
    return media;
  }

  find(id: bigint): WorldMedia | undefined {
    return this.#media.get(id);
  }

  /** Spools bytes that no client uploaded. */
  spool(bytes: Buffer): SpooledFile {
    const path = this.#newPath();
    writeFileSync(path, bytes);
    return { path, sizeBytes: bytes.length };
  }

  /** The thumbnail in that file, or undefined where Telegram would ignore it: no JPEG, or too large. */
  async thumbnail(file: SpooledFile): Promise<WorldThumbnail | undefined> {
    if (file.sizeBytes > maxThumbnailBytes) return undefined;
    const size = jpegSize(await readRange(file.path, 0, jpegHeaderBytes));
    if (!size || size.width > maxThumbnailPixels || size.height > maxThumbnailPixels) return undefined;
    return thumbnailOf(file.path, file.sizeBytes, size);
  }

  /** Removes the folder with all that is in it. */
  async close(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.close()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #newPath(): string {
    return join(this.#folder, `${++this.#named}`);
  }
}
