import { createCipheriv } from 'node:crypto';
import { IGE } from 'telegram/crypto/IGE.js';

const block = 16;

const xorInto = (target: Buffer, from: number, other: Buffer, otherFrom: number, count: number): void => {
  for (let i = 0; i < count; i++)
    target[from + i] = (target[from + i] as number) ^ (other[otherFrom + i] as number);
};

/**
 * AES-256 in Infinite Garble Extension mode. Node has no IGE; but c'ᵢ = cᵢ ⊕ pᵢ₋₁ is what CBC makes of pᵢ ⊕ pᵢ₋₂, so that
 * one native CBC pass does the work. `iv` is the two blocks c₀ and p₀; the length of `plain` is a multiple of 16.
 */
export const igeEncrypt = (key: Buffer, iv: Buffer, plain: Buffer): Buffer => {
  const c0 = iv.subarray(0, block);
  const p0 = iv.subarray(block, 2 * block);
  const input = Buffer.from(plain);
  if (plain.length > 2 * block) xorInto(input, 2 * block, plain, 0, plain.length - 2 * block);
  if (plain.length > block) xorInto(input, block, p0, 0, block);
  const cbc = createCipheriv('aes-256-cbc', key, c0).setAutoPadding(false);
  const output = cbc.update(input);
  if (plain.length > block) xorInto(output, block, plain, 0, plain.length - block);
  xorInto(output, 0, p0, 0, Math.min(block, output.length));
  return output;
};

/** The reverse. Each block needs the one before it in the clear, which no native mode offers: this is the client library's own. */
export const igeDecrypt = (key: Buffer, iv: Buffer, cipher: Buffer): Buffer =>
  Buffer.from(new IGE(key, iv).decryptIge(cipher));
