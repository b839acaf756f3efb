import type { TextFormat } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { randomFrom, randomText } from '../../test/random-text.ts';
import { escapeHtml } from './escape-html.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { parseText } from './parse-text.ts';

const formats: [TextFormat, (text: string) => string][] = [
  ['plain', (text) => text],
  ['markdown', escapeMarkdown],
  ['html', escapeHtml],
];

describe('parseText', () => {
  it.each(formats)('gives back exactly the text that was escaped as %s', (format, escaped) => {
    for (let seed = 0; seed < 400; seed += 1) {
      const text = randomText(randomFrom(seed), 40);
      expect(parseText(escaped(text), format), `seed ${seed}`).toEqual({ text, entities: [] });
    }
  });

  it.each(formats)(
    'reads whatever is given as %s, and its entities are within the text, nested',
    (format) => {
      for (let seed = 0; seed < 400; seed += 1) {
        const { text, entities } = parseText(randomText(randomFrom(seed), 60), format);
        for (const [at, { offset, length }] of entities.entries()) {
          const end = offset + length;
          expect(offset >= 0 && length > 0 && end <= text.length, `seed ${seed}`).toBe(true);
          const crossing = entities
            .slice(at + 1)
            .filter((other) => other.offset < end && other.offset + other.length > end);
          expect(crossing, `seed ${seed}`).toEqual([]);
        }
      }
    },
  );

  it('does not read markup that it was not told of', () =>
    expect(parseText('<b>*a*</b>', 'plain')).toEqual({ text: '<b>*a*</b>', entities: [] }));

  it('reads text within escaped text', () => {
    const name = '<i>*_Bob_*</i>';
    expect(parseText(`<b>${escapeHtml(name)}</b>`, 'html')).toEqual({
      text: name,
      entities: [{ type: 'bold', offset: 0, length: name.length }],
    });
    expect(parseText(`*${escapeMarkdown(name)}*`, 'markdown')).toEqual({
      text: name,
      entities: [{ type: 'bold', offset: 0, length: name.length }],
    });
  });
});
