import { randomBytes } from 'node:crypto';
import { IGE } from 'telegram/crypto/IGE.js';
import { describe, expect, it } from 'vitest';
import { encryptIge } from './encrypt-ige.ts';

describe('encryptIge', () => {
  it.each([16, 32, 48, 64, 4096, 512 * 1024 + 64])('encrypts %i bytes as the library does', (bytes) => {
    const [data, key, iv] = [randomBytes(bytes), randomBytes(32), randomBytes(32)];
    const expected = new IGE(key, iv).encryptIge(Buffer.from(data));
    const own = new Uint8Array(data);
    encryptIge(own, key, iv);
    expect(Buffer.compare(own, expected)).toBe(0);
  });
});
