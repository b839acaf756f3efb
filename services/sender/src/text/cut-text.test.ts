import { describe, expect, it } from 'vitest';
import { cutText } from './cut-text.ts';

const plain = (text: string) => ({ text, entities: [] });

describe('cutText', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['a😀b', 3, 'a…'],
    ['ab👨‍👩‍👧', 9, 'ab…'],
    ['', 3, ''],
  ])('makes of %j, at most %i units, %j', (text, limit, expected) =>
    expect(cutText(plain(text), limit)).toEqual(plain(expected)),
  );

  it('ends entities before the ellipsis', () =>
    expect(
      cutText(
        {
          text: 'abcdef',
          entities: [
            { type: 'bold', offset: 1, length: 5 },
            { type: 'italic', offset: 4, length: 1 },
          ],
        },
        4,
      ),
    ).toEqual({ text: 'abc…', entities: [{ type: 'bold', offset: 1, length: 2 }] }));
});
