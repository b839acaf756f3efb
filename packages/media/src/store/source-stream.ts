import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { type ObjectSource, SourceMismatch } from './media-store.ts';

/** Passes bytes on and fails, in place of ending, where they are more or fewer than `sizeBytes`. */
const counted = (sizeBytes: number): Transform => {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      done(seen > sizeBytes ? new SourceMismatch(`more than the ${sizeBytes} bytes announced`) : null, chunk);
    },
    flush(done) {
      done(seen < sizeBytes ? new SourceMismatch(`${seen} bytes of the ${sizeBytes} announced`) : null);
    },
  });
};

/** The source as streams to be run through a pipeline: the bytes, then a check of their number where it is known. */
export const sourceStreams = async (source: ObjectSource): Promise<[Readable, ...Transform[]]> => {
  if ('path' in source) {
    const { size } = await stat(source.path);
    return [createReadStream(source.path), counted(size)];
  }
  return source.sizeBytes === undefined ? [source.stream] : [source.stream, counted(source.sizeBytes)];
};
