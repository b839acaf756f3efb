import { describe, expect, it } from 'vitest';
import { parseMarkdown } from './parse-markdown.ts';

/** Each entity as its type, what it lies over, and what else it says. */
const shown = (source: string) => {
  const { text, entities } = parseMarkdown(source);
  const list = entities.map(({ type, offset, length, ...rest }) => [
    type,
    text.slice(offset, offset + length),
    ...Object.values(rest),
  ]);
  return [text, ...list];
};

describe('parseMarkdown', () => {
  it.each([
    ['*a b*', 'a b', ['bold', 'a b']],
    ['**a b**', 'a b', ['bold', 'a b']],
    ['_a_', 'a', ['italic', 'a']],
    ['__a__', 'a', ['underline', 'a']],
    ['___a___', 'a', ['italic', 'a'], ['underline', 'a']],
    ['~a~ ~~b~~', 'a b', ['strikethrough', 'a'], ['strikethrough', 'b']],
    ['||a||', 'a', ['spoiler', 'a']],
    ['||a||||b||', 'ab', ['spoiler', 'a'], ['spoiler', 'b']],
    ['*a**b*', 'ab', ['bold', 'a'], ['bold', 'b']],
    ['[a](http://a.test/b_(c)?d=*)', 'a', ['text_link', 'a', 'http://a.test/b_(c)?d=*']],
    ['[a](http://a.test/\\))', 'a', ['text_link', 'a', 'http://a.test/)']],
    ['[*a*](tg://user?id=5)', 'a', ['mention_name', 'a', 5], ['bold', 'a']],
    ['![👍](tg://emoji?id=5368324170671202286)', '👍', ['custom_emoji', '👍', '5368324170671202286']],
    ['![a](http://a.test)', '!a', ['text_link', 'a', 'http://a.test']],
    ['`a *b* \\` \\\\`', 'a *b* ` \\', ['code', 'a *b* ` \\']],
    ['```\na\n b\n```', 'a\n b', ['pre', 'a\n b']],
    ['```ts\na\n```', 'a', ['pre', 'a', 'ts']],
    ['```a b```', 'a b', ['pre', 'a b']],
    ['> a\n>b\nc', 'a\nb\nc', ['blockquote', 'a\nb']],
    ['>a\n**>b\n>c||\nd', 'a\nb\nc\nd', ['blockquote', 'a'], ['expandable_blockquote', 'b\nc']],
    ['>a ||b||', 'a b', ['blockquote', 'a b'], ['spoiler', 'b']],
    ['>a ||b||||', 'a b', ['expandable_blockquote', 'a b'], ['spoiler', 'b']],
    ['>`a\n>b`\nc', 'a\nb\nc', ['blockquote', 'a\nb'], ['code', 'a\nb']],
    ['*a _b_ c*', 'a b c', ['bold', 'a b c'], ['italic', 'b']],
    ['*a _b* c_', 'a b c', ['bold', 'a b'], ['italic', 'b'], ['italic', ' c']],
    ['*a `b` c*', 'a b c', ['bold', 'a '], ['code', 'b'], ['bold', ' c']],
    ['5 *a and *b*', '5 *a and b', ['bold', 'b']],
    ['\\*a\\* \\[b\\]\\(c\\)', '*a* [b](c)'],
  ])('reads %j', (source, ...expected) => expect(shown(source)).toEqual(expected));

  it.each([
    '2 * 3 * 4',
    '* a\n* b',
    '*a',
    'a*',
    '****',
    '_*_*',
    '[*](http://a.test)b',
    '[](http://a.test)*',
    '``',
    '```\n```',
    'snake_case_name and __init__x',
    'C:\\temp\\new',
    '`a',
    '```a',
    '||a',
    'a || b || c',
    '[a]',
    '[a](b c)',
    '[a](javascript:alert(1))',
    '[a](file:///etc)',
    '[](http://a.test)',
    'a](http://a.test)',
    '![a](tg://emoji?id=x y)',
    'a > b',
    '1. a - b! (c) {d} = #e',
    'a\0b',
    '',
  ])('leaves %j as it was typed', (source) => expect(shown(source)).toEqual([source]));

  it('makes no link in a link', () =>
    expect(shown('[a [b](http://b.test) c](http://a.test)')).toEqual([
      '[a b c](http://a.test)',
      ['text_link', 'b', 'http://b.test'],
    ]));

  it.each(['*a', '`', '[', '](', '[a](http://a', '\\', '>||\n', '_*', '```', '||a'])(
    'reads a long run of %j in a moment',
    (piece) => {
      const source = piece.repeat(2e5 / piece.length);
      const startMs = Date.now();
      expect(parseMarkdown(source).text.length).toBeGreaterThan(0);
      expect(Date.now() - startMs).toBeLessThan(25_000);
    },
  );
});
