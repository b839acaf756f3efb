import { describe, expect, it } from 'vitest';
import { parseHtml } from './html.ts';

const found = (html: string): [text: string, ...entities: string[]] => {
  const { text, entities } = parseHtml(html);
  return [
    text,
    ...entities.map(
      ({ type, offset, length, url, language, userId }) =>
        `${type}:${text.slice(offset, offset + length)}${[url, language, userId]
          .filter((detail) => detail !== undefined)
          .map((detail) => `(${detail})`)
          .join('')}`,
    ),
  ];
};

describe('parseHtml', () => {
  it.each([
    ['plain', ['plain']],
    ['<b>a</b> <strong>b</strong>', ['a b', 'bold:a', 'bold:b']],
    [
      '<i>a</i><em>b</em><u>c</u><ins>d</ins>',
      ['abcd', 'italic:a', 'italic:b', 'underline:c', 'underline:d'],
    ],
    [
      '<s>a</s><del>b</del><strike>c</strike>',
      ['abc', 'strikethrough:a', 'strikethrough:b', 'strikethrough:c'],
    ],
    ['<B>a <i>b</i></B>', ['a b', 'bold:a b', 'italic:b']],
    ['<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>', ['ab', 'spoiler:a', 'spoiler:b']],
    ['<a href="https://a.example/?x=1&amp;y=2">a</a>', ['a', 'text_link:a(https://a.example/?x=1&y=2)']],
    ["<a href='tg://user?id=42'>a</a>", ['a', 'mention_name:a(42)']],
    ['<code>a</code><pre>b</pre>', ['ab', 'code:a', 'pre:b']],
    ['<pre><code class="language-rust">a</code></pre>', ['a', 'pre:a(rust)']],
    ['<blockquote expandable>a</blockquote>', ['a', 'blockquote:a']],
    ['1 &lt; 2 &amp;&amp; &quot;3&#34; &gt; &#x1F3AC; &nbsp;', ['1 < 2 && "3" > 🎬 &nbsp;']],
    ['🎬<b>a</b>', ['🎬a', 'bold:a']],
    ['<b></b>a', ['a']],
  ])('reads %s', (html, expected) => {
    expect(found(html)).toEqual(expected);
  });

  it.each([
    ['ü<p>a</p>', 'Unsupported start tag "p" at byte offset 2'],
    ['1 < 2', 'Unclosed start tag at byte offset 2'],
    ['a</b>', 'Unexpected end tag at byte offset 1'],
    ['<b>a</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['<b>a', 'Can\'t find end tag corresponding to start tag "b"'],
    ['<span>a</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])('refuses %s', (html, reason) => {
    expect(() => parseHtml(html)).toThrow(`Bad Request: can't parse entities: ${reason}`);
  });
});
