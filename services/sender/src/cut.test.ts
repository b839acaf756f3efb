import { describe, expect, it } from 'vitest';
import { cut } from './cut.ts';

describe('cut', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀b', 3, 'a…'],
    ['', 3, ''],
  ])('makes of %j, at most %i units, %j', (text, limit, expected) => expect(cut(text, limit)).toBe(expected));
});
