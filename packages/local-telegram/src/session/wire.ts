/** A little-endian int32. */
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

/** A little-endian int64. */
export const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, value));
  return bytes;
};

/** The constructors of MTProto itself that are read and written as raw bytes. */
export const constructors = {
  messageContainer: 0x73f1f8dc,
  gzipPacked: 0x3072cfa1,
  messagesAck: 0x62d6b459,
  rpcResult: 0xf35c6d01,
} as const;

/** The identifier of a constructor, as it stands before its object. */
export const constructorId = (id: number): Buffer => int32(id | 0);
