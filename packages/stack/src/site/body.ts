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

const fillingBytes = 256 * 1024;

/** The head of a `free` box, which players skip (ISO/IEC 14496-12, 4.2 and 8.1.2); a size beyond 32 bits takes a longer one. */
const freeBoxHead = (sizeBytes: number): Buffer => {
  const long = sizeBytes > 0xffff_ffff;
  const head = Buffer.alloc(long ? 16 : 8);
  head.writeUInt32BE(long ? 1 : sizeBytes, 0);
  head.write('free', 4, 'latin1');
  if (long) head.writeBigUInt64BE(BigInt(sizeBytes), 8);
  return head;
};

/**
 * An MP4 that plays as it is, made `sizeBytes` long by a box after it in which each byte is the edition; one that is longer
 * already stays.
 */
export const paddedBody = (mp4: Buffer, sizeBytes: number, edition = 0): Body => {
  const padding = sizeBytes - mp4.length;
  if (padding < 16) return bufferBody(mp4);
  const begin = Buffer.concat([mp4, freeBoxHead(padding)]);
  const filling = Buffer.alloc(fillingBytes, edition);
  return {
    sizeBytes,
    from: (offset) =>
      offset < begin.length ? begin.subarray(offset) : filling.subarray(0, sizeBytes - offset),
  };
};

const packetBytes = 188;

/** A packet that says nothing (ISO/IEC 13818-1, 2.4.3.3: PID 0x1FFF), with the edition in place of its content. */
const nullPacket = (edition: number): Buffer =>
  Buffer.concat([Buffer.from([0x47, 0x1f, 0xff, 0x10]), Buffer.alloc(packetBytes - 4, edition)]);

/** A segment of a transport stream that plays as it is, followed by null packets up to `sizeBytes` or a little more. */
export const paddedSegment = (segment: Buffer, sizeBytes: number, edition = 0): Body => {
  const packets = Math.max(0, Math.ceil((sizeBytes - segment.length) / packetBytes));
  return bufferBody(Buffer.concat([segment, Buffer.alloc(packets * packetBytes, nullPacket(edition))]));
};
