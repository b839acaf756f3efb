import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';

export type MediaKind = 'video' | 'audio' | 'photo' | 'document';

/** A JPEG that stands for a document until it is loaded. */
export interface WorldThumbnail {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  readonly path: string;
  bytes(): Promise<Buffer>;
}

/** What is known of a file besides its bytes. */
export interface MediaDescription {
  readonly kind: MediaKind;
  readonly mime: string;
  readonly fileName?: string;
  readonly durationS?: number;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** It may be played while it loads (`supports_streaming`). */
  readonly streamable?: boolean;
  readonly title?: string;
  readonly performer?: string;
  /** A voice message. */
  readonly voice?: boolean;
}

/** A document or photo; the same one may be in many messages. */
export class WorldMedia {
  readonly id: bigint;
  readonly kind: MediaKind;
  readonly mime: string;
  readonly sizeBytes: number;
  readonly fileName: string | undefined;
  readonly durationS: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly streamable: boolean | undefined;
  readonly title: string | undefined;
  readonly performer: string | undefined;
  readonly voice: boolean;
  readonly thumbnail: WorldThumbnail | undefined;
  /** The spooled file. It is gone when the data centre has closed. */
  readonly path: string;
  /** Counts up each time that the file references given out so far expire. */
  referenceEpoch = 0;

  constructor(
    id: bigint,
    file: { readonly path: string; readonly sizeBytes: number },
    description: MediaDescription,
    thumbnail?: WorldThumbnail,
  ) {
    this.id = id;
    this.path = file.path;
    this.sizeBytes = file.sizeBytes;
    this.kind = description.kind;
    this.mime = description.mime;
    this.fileName = description.fileName;
    this.durationS = description.durationS;
    this.width = description.width;
    this.height = description.height;
    this.streamable = description.streamable;
    this.title = description.title;
    this.performer = description.performer;
    this.voice = description.voice ?? false;
    this.thumbnail = thumbnail;
  }

  /** In hexadecimal, read from the file. */
  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(this.path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }
}

/** Up to `length` bytes of a file from `offset`; fewer at its end. */
export const readRange = async (path: string, offset: number, length: number): Promise<Buffer> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

/** The thumbnail in that JPEG file. */
export const thumbnailOf = (
  path: string,
  sizeBytes: number,
  size: { width: number; height: number },
): WorldThumbnail => ({
  ...size,
  sizeBytes,
  path,
  bytes: () => readFile(path),
});
