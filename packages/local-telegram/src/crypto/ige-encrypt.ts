import { createCipheriv } from 'node:crypto';

const blockBytes = 16;
const blockWords = 4;

/** The bytes as 32-bit words, in a copy of their own. */
const wordsOf = (bytes: Buffer): Int32Array => {
  const words = new Int32Array(bytes.length >> 2);
  Buffer.from(words.buffer).set(bytes.subarray(0, words.length * 4));
  return words;
};

/** XORs `other` into `target`, moved by that many words. */
const xorInto = (target: Int32Array, other: Int32Array, shift: number): void => {
  const end = Math.min(target.length, other.length + shift);
  for (let i = shift; i < end; i++) target[i] = (target[i] as number) ^ (other[i - shift] as number);
};

/**
 * AES-256 in Infinite Garble Extension mode. Node has no IGE; but cᵢ ⊕ pᵢ₋₁ is what CBC makes of pᵢ ⊕ pᵢ₋₂, so that one
 * native CBC pass does the work. `iv` is the two blocks c₀ and p₀; the length of `plain` is a multiple of 16.
 */
export const igeEncrypt = (key: Buffer, iv: Buffer, plain: Buffer): Buffer => {
  const words = wordsOf(plain);
  const p0 = wordsOf(iv.subarray(blockBytes, 2 * blockBytes));
  const input = Int32Array.from(words);
  xorInto(input, p0, blockWords);
  xorInto(input, words, 2 * blockWords);
  const cbc = createCipheriv('aes-256-cbc', key, iv.subarray(0, blockBytes)).setAutoPadding(false);
  const output = wordsOf(cbc.update(Buffer.from(input.buffer)));
  xorInto(output, p0, 0);
  xorInto(output, words, blockWords);
  return Buffer.from(output.buffer);
};
