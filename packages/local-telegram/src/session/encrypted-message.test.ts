import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tlBytes } from '../tl.ts';
import { innerMessages } from './encrypted-message.ts';
import { constructorId, constructors, int32, int64 } from './wire.ts';

const container = (...bodies: Buffer[]): Buffer =>
  Buffer.concat([
    constructorId(constructors.messageContainer),
    int32(bodies.length),
    ...bodies.flatMap((body, i) => [int64(BigInt(100 + i)), int32(1), int32(body.length), body]),
  ]);

const packed = (body: Buffer): Buffer =>
  Buffer.concat([constructorId(constructors.gzipPacked), tlBytes(gzipSync(body))]);

const ping = Buffer.concat([int32(1), Buffer.alloc(8, 1)]);
const long = Buffer.concat([int32(2), Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i) & 0xff))]);

describe('innerMessages', () => {
  it('gives a message that is no container as it is', () => {
    expect([...innerMessages(9n, ping)]).toEqual([{ messageId: 9n, body: ping }]);
  });

  it('opens containers and unpacks gzip in them', () => {
    expect([...innerMessages(9n, container(ping, packed(long), packed(ping)))]).toEqual([
      { messageId: 100n, body: ping },
      { messageId: 101n, body: long },
      { messageId: 102n, body: ping },
    ]);
  });
});
