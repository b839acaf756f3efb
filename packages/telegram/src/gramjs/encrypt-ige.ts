import { createCipheriv } from 'node:crypto';
import { release } from './release.ts';

/** 32-bit words of an AES block. */
const blockWords = 4;

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4);

/**
 * Encrypts whole blocks in place with AES-256 in Infinite Garble Extension mode (https://core.telegram.org/mtproto/description).
 * OpenSSL has CBC in machine code, and IGE is CBC but for two exclusive ors: with p the plain and c the encrypted blocks,
 * c[i] = E(p[i] ^ c[i-1]) ^ p[i-1], so d[i] = c[i] ^ p[i-1] is the CBC of p[i] ^ p[i-2]. `data` begins at a multiple of 4
 * in its buffer.
 */
export const encryptIge = (data: Uint8Array, key: Uint8Array, iv: Uint8Array): void => {
  const plain = wordsOf(data);
  // Before the first block: c[0] is the first half of the vector, p[0] the second.
  const before = wordsOf(Uint8Array.from(iv.subarray(16)));
  const chained = new Int32Array(plain.length);
  chained.set(plain);
  for (let i = blockWords; i < plain.length; i += 1)
    chained[i] =
      (chained[i] as number) ^
      ((i < 2 * blockWords ? before[i - blockWords] : plain[i - 2 * blockWords]) as number);
  const cipher = createCipheriv('aes-256-cbc', key, iv.subarray(0, 16)).setAutoPadding(false);
  const bytes = new Uint8Array(chained.buffer);
  const encrypted = cipher.update(bytes);
  release(bytes);
  const result = wordsOf(encrypted);
  // From the end, since a block needs the plain one before it.
  for (let i = plain.length - 1; i >= 0; i -= 1)
    plain[i] = (result[i] as number) ^ ((i < blockWords ? before[i] : plain[i - blockWords]) as number);
  release(encrypted);
};
