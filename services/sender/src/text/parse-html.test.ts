import { describe, expect, it } from 'vitest';
import { parseHtml } from './parse-html.ts';

/** Each entity as its type, what it lies over, and what else it says. */
const shown = (source: string) => {
  const { text, entities } = parseHtml(source);
  const list = entities.map(({ type, offset, length, ...rest }) => [
    type,
    text.slice(offset, offset + length),
    ...Object.values(rest),
  ]);
  return [text, ...list];
};

describe('parseHtml', () => {
  it.each([
    ['<b>a</b><strong>b</strong>', 'ab', ['bold', 'a'], ['bold', 'b']],
    ['<i>a</i> <em>b</em>', 'a b', ['italic', 'a'], ['italic', 'b']],
    ['<u>a</u> <ins>b</ins>', 'a b', ['underline', 'a'], ['underline', 'b']],
    [
      '<s>a</s> <strike>b</strike> <del>c</del>',
      'a b c',
      ['strikethrough', 'a'],
      ['strikethrough', 'b'],
      ['strikethrough', 'c'],
    ],
    [
      '<span class="tg-spoiler">a</span> <tg-spoiler>b</tg-spoiler>',
      'a b',
      ['spoiler', 'a'],
      ['spoiler', 'b'],
    ],
    ['<a href="http://a.test/?x=1&amp;y=2">a</a>', 'a', ['text_link', 'a', 'http://a.test/?x=1&y=2']],
    ["<A HREF='tg://user?id=123'>a</A>", 'a', ['mention_name', 'a', 123]],
    ['<a href=mailto:a@a.test>a</a>', 'a', ['text_link', 'a', 'mailto:a@a.test']],
    ['<a href="a.test/x">a</a>', 'a', ['text_link', 'a', 'http://a.test/x']],
    [
      '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>',
      '👍',
      ['custom_emoji', '👍', '5368324170671202286'],
    ],
    ['<code>a &lt; b</code>', 'a < b', ['code', 'a < b']],
    ['<pre>a\n b</pre>', 'a\n b', ['pre', 'a\n b']],
    ['<pre><code class="language-python">a</code></pre>', 'a', ['pre', 'a', 'python']],
    ['<pre><code>a</code></pre>', 'a', ['pre', 'a']],
    ['<code class="language-python">a</code>', 'a', ['code', 'a']],
    ['<blockquote>a\nb</blockquote>', 'a\nb', ['blockquote', 'a\nb']],
    ['<blockquote expandable>a</blockquote>', 'a', ['expandable_blockquote', 'a']],
    ['&lt;&gt;&amp;&quot;&#65;&#x1F600;&#128512;', '<>&"A😀😀'],
  ])('reads %s', (source, ...expected) => expect(shown(source)).toEqual(expected));

  it.each([
    ['<b>a <i>b</i> c</b>', 'a b c', ['bold', 'a b c'], ['italic', 'b']],
    ['<b>a<i>b</b>c</i>', 'abc', ['bold', 'ab'], ['italic', 'b'], ['italic', 'c']],
    ['<b>a<b>b</b>c</b>', 'abc', ['bold', 'abc']],
    ['<b>a<code>b</code>c</b>', 'abc', ['bold', 'a'], ['code', 'b'], ['bold', 'c']],
    ['<code>a<b>b</b></code>', 'ab', ['code', 'ab']],
    ['<a href="http://a.test"><b>a</b></a>', 'a', ['text_link', 'a', 'http://a.test'], ['bold', 'a']],
    [
      '<blockquote>a<a href="http://a.test">b</blockquote>c</a>',
      'abc',
      ['blockquote', 'ab'],
      ['text_link', 'b', 'http://a.test'],
      ['text_link', 'c', 'http://a.test'],
    ],
  ])('nests %s', (source, ...expected) => expect(shown(source)).toEqual(expected));

  it.each([
    '1 < 2 & 3 > 2',
    '<h1>a</h1>',
    '<b>a',
    'a</b>',
    '<b>a</i>',
    '<b',
    '<br/>',
    '<span class="x">a</span>',
    '<!-- a -->',
    '<script>alert(1)</script>',
    '<a>a</a>',
    '<a href="javascript:alert(1)">a</a>',
    '<a href="data:text/html,x">a</a>',
    '<a href="file:///etc/passwd">a</a>',
    '<a href="http://">a</a>',
    '<a href="java\nscript:x">a</a>',
    '<tg-emoji emoji-id="9223372036854775808">a</tg-emoji>',
    '<tg-emoji emoji-id="x">a</tg-emoji>',
    '<constructor>a</constructor>',
    '&nbsp; &lt &#0; &#xD83D; &#x110000; &;',
    'a\0b',
  ])('leaves %j as it was typed', (source) => expect(shown(source)).toEqual([source]));

  it('does not take the end of an unknown tag for that of a known one of the same name', () =>
    expect(shown('<span class="tg-spoiler">a<span>b</span>c</span>')).toEqual([
      'a<span>b</span>c',
      ['spoiler', 'a<span>b</span>c'],
    ]));

  it.each([
    ['open tags', '<b>'],
    ['half a tag', '<a b'],
    ['attributes', '<a b c="d'],
    ['blanks', '<a   '],
    ['crossing tags', '<b>a<i>b</b>c</i>'],
    ['one in another', '<i><b>a</i>b</b><code>'],
  ])('reads a long run of %s in a moment', (_, piece) => {
    const source = piece.repeat(2e5 / piece.length);
    const startMs = Date.now();
    expect(parseHtml(source).text.length).toBeGreaterThan(0);
    expect(Date.now() - startMs).toBeLessThan(25_000);
  });

  it('reads a tag of a megabyte', () => {
    const source = `<a ${'b '.repeat(5e5)}>`;
    expect(parseHtml(source).text).toBe(source);
    const long = `<a href="http://a.test/${'b'.repeat(1e6)}">x</a>`;
    expect(parseHtml(long).text).toBe('x');
  });
});
