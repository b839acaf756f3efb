import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ByteQueue } from './byte-queue.ts';

/** The TCP transports of https://core.telegram.org/mtproto/mtproto-transports. */
export type TransportMode = 'abridged' | 'intermediate' | 'padded' | 'full';

/** No message of MTProto is longer than this; a longer announcement is not MTProto. */
const maxFrameBytes = 1 << 24;

const tags: ReadonlyMap<number, TransportMode> = new Map([
  [0xefefefef, 'abridged'],
  [0xeeeeeeee, 'intermediate'],
  [0xdddddddd, 'padded'],
]);

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** The bytes on the wire are not one of the known transports; the connection is of no more use. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

/** The server's end of a transport: tells the client's choice from its first bytes, then takes frames apart and makes them. */
export class Framing {
  #queue = new ByteQueue();
  #mode: TransportMode | undefined;
  #decrypt: Decipheriv | undefined;
  #encrypt: Cipheriv | undefined;
  #sent = 0;

  /** Undefined until the first bytes have come. */
  get mode(): TransportMode | undefined {
    return this.#mode;
  }

  get obfuscated(): boolean {
    return this.#decrypt !== undefined;
  }

  /**
   * The payloads that are complete with this chunk.
   * @throws {FramingError} on an impossible length, a wrong checksum, or an unknown transport.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#queue.push(this.#decrypt ? this.#decrypt.update(chunk) : chunk);
    if (!this.#mode) this.#mode = this.#detect();
    while (this.#mode) {
      const payload = this.#next(this.#mode);
      if (!payload) return;
      yield payload;
    }
  }

  /** One payload as it goes over the wire. The client must have spoken first. */
  encode(payload: Buffer): Buffer {
    const frame = this.#frame(payload);
    return this.#encrypt ? this.#encrypt.update(frame) : frame;
  }

  #frame(payload: Buffer): Buffer {
    switch (this.#mode) {
      case 'full': {
        const body = Buffer.concat([uint32(payload.length + 12), uint32(this.#sent++), payload]);
        return Buffer.concat([body, uint32(crc32(body))]);
      }
      case 'abridged': {
        const words = payload.length >> 2;
        const head = words < 0x7f ? Buffer.from([words]) : uint32(((words << 8) | 0x7f) >>> 0);
        return Buffer.concat([head, payload]);
      }
      default:
        return Buffer.concat([uint32(payload.length), payload]);
    }
  }

  #detect(): TransportMode | undefined {
    if (this.#queue.peek(1)?.[0] === 0xef) {
      this.#queue.take(1);
      return 'abridged';
    }
    const first = this.#queue.peek(4)?.readUInt32LE();
    const tagged = first === undefined ? undefined : tags.get(first);
    if (tagged) {
      this.#queue.take(4);
      return tagged;
    }
    const start = this.#queue.peek(8);
    if (!start) return undefined;
    // A full frame carries its sequence number second, and the first is 0; the others forbid 0 there.
    if (start.readUInt32LE(4) === 0) return 'full';
    return this.#deobfuscate();
  }

  /** https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation, without a proxy's secret. */
  #deobfuscate(): TransportMode | undefined {
    const header = this.#queue.take(64);
    if (!header) return undefined;
    const reversed = Buffer.from(header.subarray(8, 56)).reverse();
    this.#decrypt = createDecipheriv('aes-256-ctr', header.subarray(8, 40), header.subarray(40, 56));
    this.#encrypt = createCipheriv('aes-256-ctr', reversed.subarray(0, 32), reversed.subarray(32, 48));
    const mode = tags.get(this.#decrypt.update(header).readUInt32LE(56));
    if (!mode) throw new FramingError('an obfuscated header without a known transport');
    const rest = this.#queue.take(this.#queue.length);
    if (rest) this.#queue.push(this.#decrypt.update(rest));
    return mode;
  }

  #next(mode: TransportMode): Buffer | null {
    switch (mode) {
      case 'full':
        return this.#nextFull();
      case 'abridged': {
        const head = this.#queue.peek(1)?.[0];
        if (head === undefined) return null;
        if ((head & 0x7f) !== 0x7f) return this.#body(1, (head & 0x7f) * 4);
        const long = this.#queue.peek(4);
        return long ? this.#body(4, long.readUIntLE(1, 3) * 4) : null;
      }
      default: {
        const head = this.#queue.peek(4);
        if (!head) return null;
        // The highest bit asks for a quick acknowledgement, which the protocol leaves to the server.
        const payload = this.#body(4, head.readUInt32LE() & 0x7fffffff);
        if (mode !== 'padded' || !payload || payload.length <= 24) return payload;
        return payload.subarray(0, 24 + ((payload.length - 24) & ~15));
      }
    }
  }

  #body(head: number, length: number): Buffer | null {
    if (length > maxFrameBytes) throw new FramingError(`a frame of ${length} bytes`);
    if (this.#queue.length < head + length) return null;
    this.#queue.take(head);
    return this.#queue.take(length);
  }

  #nextFull(): Buffer | null {
    const length = this.#queue.peek(4)?.readUInt32LE();
    if (length === undefined) return null;
    if (length < 12 || length > maxFrameBytes) throw new FramingError(`a frame of ${length} bytes`);
    const frame = this.#queue.take(length);
    if (!frame) return null;
    if (crc32(frame.subarray(0, length - 4)) !== frame.readUInt32LE(length - 4))
      throw new FramingError('a frame with a wrong checksum');
    return frame.subarray(8, length - 4);
  }
}
