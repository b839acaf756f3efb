import type { VideoPart } from '@heavy/media';

/** A stretch of an object's bytes; `end` is not in it. */
interface BytePart {
  start: number;
  end: number;
}

/** What becomes one message of several. */
export type Part = ({ as: 'video' } & VideoPart) | ({ as: 'bytes' } & BytePart);

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

/** Tells a part from others of the same object: the same wherever it is made, as long as it holds the same. */
export const partId = (part: Part): string =>
  part.as === 'bytes'
    ? `bytes-${part.start}-${part.end}`
    : `video-${milliseconds(part.fromS)}-${part.toS === undefined ? 'end' : milliseconds(part.toS)}`;

/** What it takes, as far as is known before it is made. */
export const partBytes = (part: Part): number =>
  part.as === 'bytes' ? part.end - part.start : part.sizeBytes;

/** An object as stretches of bytes, each as large as may be. */
export const byBytes = (sizeBytes: number, limitBytes: number): Part[] =>
  Array.from({ length: Math.ceil(sizeBytes / limitBytes) }, (_, index) => ({
    as: 'bytes',
    start: index * limitBytes,
    end: Math.min(sizeBytes, (index + 1) * limitBytes),
  }));
