import { randomBytes } from 'node:crypto';
import { IGE } from 'telegram/crypto/IGE.js';
import { describe, expect, it } from 'vitest';
import { igeDecrypt } from './ige-decrypt.ts';
import { igeEncrypt } from './ige-encrypt.ts';

/** One block, then two, then enough for every case of the shifted XOR. */
const lengths = [16, 32, 48, 1024, 65_536 + 16];

describe('igeEncrypt', () => {
  it.each(lengths)('agrees with the client library on %i bytes', (length) => {
    const [key, iv, plain] = [randomBytes(32), randomBytes(32), randomBytes(length)];
    expect(igeEncrypt(key, iv, plain).equals(new IGE(key, iv).encryptIge(plain))).toBe(true);
  });
});

describe('igeDecrypt', () => {
  it.each(lengths)('takes back what was encrypted, %i bytes', (length) => {
    const [key, iv, plain] = [randomBytes(32), randomBytes(32), randomBytes(length)];
    expect(igeDecrypt(key, iv, igeEncrypt(key, iv, plain)).equals(plain)).toBe(true);
  });

  it('agrees with the client library on bytes that nobody encrypted', () => {
    const [key, iv, cipher] = [randomBytes(32), randomBytes(32), randomBytes(160)];
    expect(igeDecrypt(key, iv, cipher).equals(new IGE(key, iv).decryptIge(cipher))).toBe(true);
  });
});
