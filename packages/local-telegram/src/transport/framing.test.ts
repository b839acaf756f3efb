import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Framing, FramingError } from './framing.ts';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** The client's side of each transport, as the documentation has it: what it sends first, and how it frames. */
const clients = {
  abridged: {
    tag: Buffer.from([0xef]),
    frame: (p: Buffer) =>
      Buffer.concat([p.length < 508 ? Buffer.from([p.length / 4]) : uint32(((p.length / 4) << 8) | 0x7f), p]),
  },
  intermediate: { tag: uint32(0xeeeeeeee), frame: (p: Buffer) => Buffer.concat([uint32(p.length), p]) },
  padded: {
    tag: uint32(0xdddddddd),
    frame: (p: Buffer) => Buffer.concat([uint32(p.length + 5), p, randomBytes(5)]),
  },
};

/** 24 bytes of key and message key, then whole blocks: what the padded transport needs to find the end. */
const payloads = [randomBytes(40), randomBytes(24 + 160), randomBytes(24 + 80_000)];

const full = (payload: Buffer, sequence: number): Buffer => {
  const body = Buffer.concat([uint32(payload.length + 12), uint32(sequence), payload]);
  return Buffer.concat([body, uint32(crc32(body))]);
};

const receiveAll = (framing: Framing, bytes: Buffer, chunkBytes: number): Buffer[] => {
  const received: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    for (const payload of framing.push(bytes.subarray(at, at + chunkBytes)))
      received.push(Buffer.from(payload));
  return received;
};

describe('Framing', () => {
  describe.each(Object.entries(clients))('%s', (mode, { tag, frame }) => {
    const stream = Buffer.concat([tag, ...payloads.map(frame)]);

    it.each([1, 7, 4096, stream.length])(
      'takes payloads apart that come %i bytes at a time',
      (chunkBytes) => {
        const framing = new Framing();
        expect(receiveAll(framing, stream, chunkBytes)).toEqual(payloads);
        expect(framing).toMatchObject({ mode, obfuscated: false });
      },
    );

    it('is found under obfuscation, both ways', () => {
      const header = randomBytes(64);
      header[0] = 0x01;
      (tag.length === 1 ? Buffer.alloc(4, 0xef) : tag).copy(header, 56);
      const reversed = Buffer.from(header.subarray(8, 56)).reverse();
      const encrypt = createCipheriv('aes-256-ctr', header.subarray(8, 40), header.subarray(40, 56));
      const decrypt = createDecipheriv('aes-256-ctr', reversed.subarray(0, 32), reversed.subarray(32));
      const hidden = encrypt.update(header).subarray(56);
      const sent = Buffer.concat([
        header.subarray(0, 56),
        hidden,
        ...payloads.map((p) => encrypt.update(frame(p))),
      ]);
      const framing = new Framing();
      expect(receiveAll(framing, sent, 1000)).toEqual(payloads);
      expect(framing).toMatchObject({ mode, obfuscated: true });
      const answer = randomBytes(16);
      expect(decrypt.update(framing.encode(answer)).subarray(-16)).toEqual(answer);
    });

    it('frames answers of every length', () => {
      const framing = new Framing();
      for (const _ of framing.push(stream));
      const other = new Framing();
      const answers = Buffer.concat([tag, ...payloads.map((payload) => framing.encode(payload))]);
      expect(receiveAll(other, answers, 4096)).toEqual(payloads);
    });
  });

  describe('full', () => {
    const stream = Buffer.concat(payloads.map(full));

    it.each([1, 7, 4096, stream.length])(
      'takes payloads apart that come %i bytes at a time',
      (chunkBytes) => {
        const framing = new Framing();
        expect(receiveAll(framing, stream, chunkBytes)).toEqual(payloads);
        expect(framing.mode).toBe('full');
      },
    );

    it('numbers its answers', () => {
      const framing = new Framing();
      receiveAll(framing, stream, stream.length);
      const answer = randomBytes(32);
      expect([framing.encode(answer), framing.encode(answer)]).toEqual([full(answer, 0), full(answer, 1)]);
    });

    it('refuses a wrong checksum', () => {
      const broken = full(randomBytes(40), 0);
      broken[20] = (broken[20] ?? 0) ^ 1;
      expect(() => receiveAll(new Framing(), broken, 4096)).toThrow(FramingError);
    });
  });

  it('refuses what is no transport of Telegram’s', () => {
    expect(() => receiveAll(new Framing(), Buffer.alloc(64, 'GET / HTTP/1.1 '), 64)).toThrow(FramingError);
  });
});
