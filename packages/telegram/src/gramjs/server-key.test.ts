import { createPublicKey } from 'node:crypto';
import { _serverKeys } from 'telegram/crypto/RSA.js';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, trustServerKey } from './server-key.ts';

const pemOf = (n: string, e: number): string =>
  createPublicKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: Buffer.from(n, 'hex').toString('base64url'),
      e: Buffer.from(e.toString(16).padStart(6, '0'), 'hex').toString('base64url'),
    },
  })
    .export({ type: 'pkcs1', format: 'pem' })
    .toString();

describe('fingerprintOf', () => {
  it('is that of each of Telegram’s own keys', () => {
    const keys = [..._serverKeys];
    expect(keys.length).toBeGreaterThan(0);
    for (const [fingerprint, { n, e }] of keys)
      expect(String(fingerprintOf(pemOf(n.toString(16), e)))).toBe(fingerprint);
  });
});

describe('trustServerKey', () => {
  it('adds the key to those that the library accepts', () => {
    const n = `c${'3'.repeat(511)}`;
    const pem = pemOf(n, 65537);
    trustServerKey(pem);
    const known = _serverKeys.get(String(fingerprintOf(pem)));
    expect(known?.n.toString(16)).toBe(n);
    expect(known?.e).toBe(65537);
  });

  it('refuses what is no RSA key', () => {
    expect(() => trustServerKey('no key')).toThrow();
  });
});
