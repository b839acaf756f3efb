import type { Entity } from '@heavy/telegram';
import { describe, expect, it } from 'vitest';
import { randomFrom, randomText } from '../../test/random-text.ts';
import { nestEntities } from './nest-entities.ts';
import { splitText } from './split-text.ts';

const plain = (text: string) => ({ text, entities: [] });
const entity = (type: string, offset: number, length: number) => ({ type, offset, length });
const isBlank = (text: string) => text.trim() === '';
const types = ['bold', 'italic', 'spoiler', 'code', 'pre', 'blockquote', 'text_link'];

/** What lies over a place. */
const formatOf = (entities: Entity[], at: number): string[] =>
  entities
    .filter(({ offset, length }) => offset <= at && offset + length > at)
    .map(({ type, url }) => `${type} ${url}`)
    .sort();

/** Where each part begins in the text; NaN where more than white space was left out before it. */
const placesOf = (text: string, parts: { text: string }[]): number[] => {
  let at = 0;
  return parts.map((part) => {
    while (!text.startsWith(part.text, at)) {
      if (!isBlank(text[at] ?? 'x')) return Number.NaN;
      at += 1;
    }
    at += part.text.length;
    return at - part.text.length;
  });
};

describe('splitText', () => {
  it.each([
    ['at the last newline', 'aa bb\ncc dd ee', 9, ['aa bb', 'cc dd ee']],
    ['at the last space', 'aa bb cc', 7, ['aa bb', 'cc']],
    ['between characters', 'aaaaaaaa', 3, ['aaa', 'aaa', 'aa']],
    ['at a newline just beyond', 'aaaa\nbbbb', 4, ['aaaa', 'bbbb']],
    ['outside surrogate pairs', '😀😀😀', 3, ['😀', '😀', '😀']],
    ['outside what is one character to people', 'aa👨‍👩‍👧e\u0301', 9, ['aa', '👨‍👩‍👧', 'e\u0301']],
    ['not at all where it fits', ' aa\n', 4, [' aa\n']],
    ['into nothing where there is nothing', ' \n ', 2, []],
    ['a single character that is too long, between code points', '👨‍👩‍👧', 4, ['👨‍', '👩‍', '👧']],
    ['without white space at the ends', 'aa   \n\n  bb          ', 6, ['aa', 'bb']],
  ])('splits %s', (_, text, limit, expected) =>
    expect(splitText(plain(text), limit).map((part) => part.text)).toEqual(expected),
  );

  it('moves the break before an entity that fits', () =>
    expect(splitText({ text: 'aa bb cc dd', entities: [entity('bold', 3, 8)] }, 9)).toEqual([
      plain('aa'),
      { text: 'bb cc dd', entities: [entity('bold', 0, 8)] },
    ]));

  it('breaks even a word before an entity that fits', () =>
    expect(splitText({ text: 'aabbccdd', entities: [entity('code', 3, 5)] }, 6)).toEqual([
      plain('aab'),
      { text: 'bccdd', entities: [entity('code', 0, 5)] },
    ]));

  it('closes an entity that is too long, and opens it again with all that it says', () => {
    const link = { ...entity('text_link', 0, 11), url: 'http://a.test' };
    expect(splitText({ text: 'aa bb cc dd', entities: [link] }, 5)).toEqual([
      { text: 'aa bb', entities: [{ ...link, length: 5 }] },
      { text: 'cc dd', entities: [{ ...link, length: 5 }] },
    ]);
  });

  it('has another limit for the first part', () =>
    expect(splitText(plain('aa bb cc dd ee'), 9, 4).map((part) => part.text)).toEqual([
      'aa',
      'bb cc dd',
      'ee',
    ]));

  it('keeps the indentation of code', () => {
    const text = 'if a:\n    b()\n\n    c()';
    const pre = { ...entity('pre', 0, text.length), language: 'python' };
    expect(splitText({ text, entities: [pre] }, 14)).toEqual([
      { text: 'if a:\n    b()', entities: [{ ...pre, length: 13 }] },
      { text: '    c()', entities: [{ ...pre, length: 7 }] },
    ]);
  });

  it('keeps what fits whole within what does not', () => {
    const text = 'aaaa bb bb cccc';
    const parts = splitText({ text, entities: [entity('blockquote', 0, 15), entity('code', 5, 5)] }, 8);
    expect(parts.map((part) => part.text)).toEqual(['aaaa', 'bb bb', 'cccc']);
    expect(parts[1]?.entities).toEqual([entity('blockquote', 0, 5), entity('code', 0, 5)]);
  });

  it('loses nothing, whatever the text and its formatting', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const random = randomFrom(seed);
      const below = (limit: number) => Math.floor(random() * limit);
      const text = randomText(random, 120);
      const limit = 2 + below(40);
      const given = Array.from({ length: below(8) }, () => {
        const type = types[below(types.length)] ?? '';
        return {
          ...entity(type, below(text.length + 1) - 2, below(30)),
          ...(type === 'text_link' ? { url: `http://${below(9)}.test` } : {}),
        };
      });
      const parts = splitText({ text, entities: given }, limit);
      const nested = nestEntities(text, given);
      const places = placesOf(text, parts);
      const about = `seed ${seed}`;

      expect(places, about).not.toContain(Number.NaN);
      expect(isBlank(text.slice((places.at(-1) ?? 0) + (parts.at(-1)?.text.length ?? 0))), about).toBe(true);
      for (const [index, part] of parts.entries()) {
        const from = places[index] ?? 0;
        expect(part.text.length, about).toBeLessThanOrEqual(limit);
        expect(isBlank(part.text), about).toBe(false);
        expect(
          /[\ud800-\udbff]$/.test(text.slice(0, from)) && /^[\udc00-\udfff]/.test(part.text),
          about,
        ).toBe(false);
        for (const { offset, length } of part.entities)
          expect(offset >= 0 && length > 0 && offset + length <= part.text.length, about).toBe(true);
        const formats = (entities: Entity[], start: number) =>
          Array.from({ length: part.text.length }, (_, at) => formatOf(entities, start + at));
        expect(formats(part.entities, 0), about).toEqual(formats(nested, from));
      }
      for (const { offset, length } of nested.filter((one) => one.length <= limit)) {
        const holding = parts.filter((part, index) => {
          const from = Math.max(offset, places[index] ?? 0);
          const to = Math.min(offset + length, (places[index] ?? 0) + part.text.length);
          return from < to && !isBlank(text.slice(from, to));
        });
        expect(holding.length, about).toBeLessThanOrEqual(1);
      }
    }
  });
});
