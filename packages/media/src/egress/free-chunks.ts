import type { Duplex, Writable } from 'node:stream';

/** Smaller chunks may be parts of a pool, and are no burden. */
const worthBytes = 4096;

/** Frees the memory of what was passed on; a view of a part of something larger is left alone. */
const free = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength >= worthBytes && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength)
    buffer.transfer(0);
};

/** Not within the write or the event: whoever has the chunk may be about to finish with it. */
const freeSoon = (...chunks: unknown[]): void =>
  void setImmediate(() => {
    for (const chunk of chunks) if (chunk instanceof Uint8Array) free(chunk);
  });

/** Frees each chunk that the stream has read, after its event: for a stream whose readers copy what they keep. */
export const freeWhenRead = (stream: Duplex): void => void stream.on('data', freeSoon);

/**
 * Frees each chunk once the stream has written it; nobody else may look at what is written to it. Left to the garbage
 * collector, what passes through a proxy piles up to a hundred megabytes before a collection is due.
 */
export const freeWhenSent = (stream: Writable): void => {
  const write = stream._write.bind(stream);
  const writev = stream._writev?.bind(stream);
  stream._write = (chunk, encoding, done) =>
    write(chunk, encoding, (error) => {
      if (!error) freeSoon(chunk);
      done(error);
    });
  if (writev)
    stream._writev = (chunks, done) =>
      writev(chunks, (error) => {
        if (!error) freeSoon(...chunks.map(({ chunk }) => chunk));
        done(error);
      });
};
