import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unseal } from '../crypto/message-keys.ts';
import { Api, readTl } from '../tl.ts';
import type { Connection } from '../transport/connection.ts';
import { AuthKeys } from './auth-keys.ts';
import { readHeader } from './encrypted-message.ts';
import { MessageIds } from './message-ids.ts';
import { Session } from './session.ts';

const authKey = new AuthKeys().add(randomBytes(256), 1n);

/** A connection that keeps the decrypted messages it was given. */
const recorder = () => {
  const sent: ReturnType<typeof readHeader>[] = [];
  const send = (payload: Buffer) => {
    const plain = unseal(authKey.key, payload.subarray(8), 'server');
    if (plain) sent.push(readHeader(plain));
  };
  const connection = { open: true, send } as unknown as Connection;
  return { sent, connection };
};

const newSession = () => new Session(7n, authKey, new MessageIds());
const update = () => new Api.UpdatesTooLong();

describe('Session', () => {
  it('sends what was not acknowledged again, under the same ids, when it is resumed', () => {
    const session = newSession();
    const first = recorder();
    session.attach(first.connection);
    session.push(update());
    session.push(update());
    session.answer(5n, true);
    const [lost, received, answer] = first.sent.map(({ messageId }) => messageId);
    session.acknowledge(received ?? 0n);
    const second = recorder();
    session.attach(second.connection);
    expect(second.sent.map(({ messageId }) => messageId)).toEqual([lost, answer]);
  });

  it('keeps what is pushed while nobody is connected', () => {
    const session = newSession();
    session.push(update());
    const later = recorder();
    session.attach(later.connection);
    expect(later.sent.map(({ body }) => readTl(body).className)).toEqual(['UpdatesTooLong']);
  });

  it('numbers messages that carry content oddly, the others evenly', () => {
    const session = newSession();
    const { sent, connection } = recorder();
    session.attach(connection);
    session.push(update());
    session.service(update());
    session.push(update());
    expect(sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(sent.map(({ messageId }) => messageId & 3n)).toEqual([3n, 1n, 3n]);
  });

  it('compresses large answers', () => {
    const session = newSession();
    const { sent, connection } = recorder();
    session.attach(connection);
    session.answer(
      5n,
      new Api.help.TermsOfService({
        id: new Api.DataJSON({ data: '' }),
        text: 'a'.repeat(10_000),
        entities: [],
      }),
    );
    const body = sent[0]?.body ?? Buffer.alloc(0);
    expect(body.length).toBeLessThan(1000);
    expect(body.readUInt32LE(12)).toBe(0x3072cfa1);
    expect(readTl(gunzipSync(body.subarray(body[16] === 254 ? 20 : 17)))).toBeInstanceOf(
      Api.help.TermsOfService,
    );
  });

  it('takes each message once', () => {
    const session = newSession();
    expect([session.receive(1n), session.receive(1n), session.receive(2n)]).toEqual([true, false, true]);
  });
});
