import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SessionUnreadable } from './sealed-session.ts';
import { sessionFingerprint } from './session-fingerprint.ts';

const key = randomBytes(256);
const stringOf = (...head: Buffer[]) => `1${Buffer.concat([...head, key]).toString('base64')}`;
const port = Buffer.from([1, 187]);
const gramJs = (dcId: number, host: string) =>
  stringOf(Buffer.from([dcId, 0, host.length]), Buffer.from(host), port);
const telethon = stringOf(Buffer.from([2, 149, 154, 167, 50]), port);

describe('sessionFingerprint', () => {
  it('is that of the key, whoever wrote the session and wherever it goes', () => {
    const expected = createHash('sha256').update(key).digest('hex').slice(0, 16);
    expect(sessionFingerprint(gramJs(2, '149.154.167.50'))).toBe(expected);
    expect(sessionFingerprint(gramJs(4, '127.0.0.1'))).toBe(expected);
    expect(sessionFingerprint(telethon)).toBe(expected);
  });

  it('differs for another key', () => {
    const other = `1${Buffer.concat([Buffer.alloc(7), randomBytes(256)]).toString('base64')}`;
    expect(sessionFingerprint(other)).not.toBe(sessionFingerprint(telethon));
  });

  it.each([
    ['nothing', ''],
    ['a sealed session', `heavy-session.v1.00000000.${'A'.repeat(400)}`],
    ['another version', `2${telethon.slice(1)}`],
    ['one without a key', telethon.slice(0, 40)],
  ])('refuses %s', (_name, text) => {
    expect(() => sessionFingerprint(text)).toThrow(SessionUnreadable);
  });
});
