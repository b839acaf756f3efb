/** What is sent, without being held in memory where it is long. */
export interface Body {
  /** Undefined: it never ends. */
  readonly sizeBytes: number | undefined;
  /** Some bytes from `offset` on, at least one. */
  from(offset: number): Buffer;
}

export const bufferBody = (bytes: Buffer): Body => ({
  sizeBytes: bytes.length,
  from: (offset) => bytes.subarray(offset),
});

/** The same bytes again and again. */
export const endlessBody = (bytes: Buffer): Body => ({
  sizeBytes: undefined,
  from: (offset) => bytes.subarray(offset % bytes.length),
});

const zeros = Buffer.alloc(256 * 1024);

/** The head of a `free` box, which players skip (ISO/IEC 14496-12, 4.2 and 8.1.2); a size beyond 32 bits takes a longer one. */
const freeBoxHead = (sizeBytes: number): Buffer => {
  const long = sizeBytes > 0xffff_ffff;
  const head = Buffer.alloc(long ? 16 : 8);
  head.writeUInt32BE(long ? 1 : sizeBytes, 0);
  head.write('free', 4, 'latin1');
  if (long) head.writeBigUInt64BE(BigInt(sizeBytes), 8);
  return head;
};

/** An MP4 that plays as it is, made `sizeBytes` long by a box of zeros after it; one that is longer already stays. */
export const paddedBody = (mp4: Buffer, sizeBytes: number): Body => {
  const padding = sizeBytes - mp4.length;
  if (padding < 16) return bufferBody(mp4);
  const begin = Buffer.concat([mp4, freeBoxHead(padding)]);
  return {
    sizeBytes,
    from: (offset) =>
      offset < begin.length ? begin.subarray(offset) : zeros.subarray(0, sizeBytes - offset),
  };
};
