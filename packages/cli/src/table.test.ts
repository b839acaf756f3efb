import { describe, expect, it } from 'vitest';
import { cut, table, visible } from './table.ts';

describe('table', () => {
  it('aligns columns, numbers to the right, also with letters of double width', () => {
    expect(
      table(
        [{ heading: 'title' }, { heading: 'n', right: true }, { heading: 'last' }],
        [
          ['a film', '7', 'x'],
          ['日本🎬', '1000', ''],
        ],
      ),
    ).toEqual(['title      n  last', 'a film     7  x', '日本🎬  1000']);
  });
});

describe('cut', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['👨‍👩‍👧👨‍👩‍👧x', 4, '👨‍👩‍👧…'],
  ])('%s to %i columns is %s', (text, columns, expected) => expect(cut(text, columns)).toBe(expected));
});

describe('visible', () => {
  it('leaves nothing that a terminal obeys', () => {
    expect(visible('a\u001b[31mred\u009b2J\nb\u202ec\u2028d')).toBe('a [31mred 2J b c d');
  });
});
