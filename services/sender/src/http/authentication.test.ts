import { timingSafeEqual } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keyCheck } from './authentication.ts';

vi.mock('node:crypto', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:crypto')>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});
const compared = vi.mocked(timingSafeEqual);
beforeEach(() => {
  compared.mockClear();
});

const keys = ['a'.repeat(32), 'b'.repeat(40), 'c'.repeat(64)];
const keyOf = keyCheck(keys);

describe('keyCheck', () => {
  it.each([
    ['the first key', `Bearer ${keys[0]}`, 0],
    ['the last key', `bearer  ${keys[2]}`, 2],
    ['part of a key', `Bearer ${'a'.repeat(31)}`, undefined],
    ['more than a key', `Bearer ${'a'.repeat(33)}`, undefined],
    ['another scheme', `Basic ${keys[0]}`, undefined],
    ['nothing', undefined, undefined],
  ])('compares hashes of one length with each key and to the end: %s', (_, authorization, found) => {
    expect(keyOf(authorization)).toBe(found);
    expect(compared).toHaveBeenCalledTimes(keys.length);
    for (const [one, other] of compared.mock.calls)
      expect([one.byteLength, other.byteLength]).toEqual([32, 32]);
  });

  it('lets nobody in where there is no key', () => {
    expect(keyCheck([])('Bearer ')).toBeUndefined();
    expect(keyOf('Bearer ')).toBeUndefined();
  });
});
