import { describe, expect, it } from 'vitest';
import { randomIdFrom } from './random-id.ts';

describe('randomIdFrom', () => {
  it('is the same for the same key, and another for another', () => {
    expect(randomIdFrom('a')).toBe(randomIdFrom('a'));
    expect(randomIdFrom('a')).not.toBe(randomIdFrom('b'));
  });

  it('is the first 64 bits of the sha256, signed', () => {
    // printf a | sha256sum begins with ca978112ca1bbdca
    expect(randomIdFrom('a')).toBe(BigInt.asIntN(64, 0xca978112ca1bbdcan));
    expect(randomIdFrom('a')).toBeLessThan(0n);
  });
});
