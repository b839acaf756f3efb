/** Smaller buffers may be parts of a pool, and are no burden. */
const worthBytes = 64 * 1024;

/**
 * Gives a large buffer's memory back at once; it must not be used any more. Left to the garbage collector, what was sent
 * piles up to a hundred megabytes before a collection is due. A view of a part of something larger is left alone.
 */
export const release = ({ buffer, byteLength }: Uint8Array): void => {
  if (byteLength >= worthBytes && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength)
    buffer.transfer(0);
};
