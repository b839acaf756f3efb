import { gunzipSync } from 'node:zlib';
import { constructors } from './wire.ts';

/** What stands before the body of an encrypted message. */
export interface MessageHeader {
  readonly salt: bigint;
  readonly sessionId: bigint;
  readonly messageId: bigint;
  readonly sequence: number;
  readonly body: Buffer;
}

/** Takes a decrypted message apart; its padding falls away. */
export const readHeader = (plain: Buffer): MessageHeader => ({
  salt: plain.readBigInt64LE(0),
  sessionId: plain.readBigInt64LE(8),
  messageId: plain.readBigInt64LE(16),
  sequence: plain.readInt32LE(24),
  body: plain.subarray(32, 32 + plain.readInt32LE(28)),
});

/** One message of a container, or the only one. */
export interface InnerMessage {
  readonly messageId: bigint;
  readonly body: Buffer;
}

/** The messages inside a message: containers are opened and gzip is unpacked, both from raw bytes. */
export function* innerMessages(messageId: bigint, body: Buffer): Generator<InnerMessage> {
  switch (body.readUInt32LE(0)) {
    case constructors.messageContainer: {
      let offset = 8;
      for (let left = body.readInt32LE(4); left > 0; left--) {
        const length = body.readInt32LE(offset + 12);
        const inner = body.subarray(offset + 16, offset + 16 + length);
        yield* innerMessages(body.readBigInt64LE(offset), inner);
        offset += 16 + length;
      }
      return;
    }
    case constructors.gzipPacked: {
      const short = body[4] ?? 0;
      const [length, from] = short === 254 ? [body.readUIntLE(5, 3), 8] : [short, 5];
      yield* innerMessages(messageId, gunzipSync(body.subarray(from, from + length)));
      return;
    }
    default:
      yield { messageId, body };
  }
}

/** The ids in a `msgs_ack`. */
export function* acknowledgedIds(body: Buffer): Generator<bigint> {
  for (let i = 0, count = body.readInt32LE(8); i < count; i++) yield body.readBigInt64LE(12 + 8 * i);
}
