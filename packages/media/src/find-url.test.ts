import { describe, expect, it } from 'vitest';
import { findUrl } from './find-url.ts';

const url = (value: string) => ({ url: value });

const found: [string, string][] = [
  ['https://example.com/x', 'https://example.com/x'],
  ['.vdl https://example.com/x', 'https://example.com/x'],
  ['look at this: http://example.com/a?b=c&d#e please', 'http://example.com/a?b=c&d#e'],
  ['HTTPS://Example.com/x', 'HTTPS://Example.com/x'],
  ['<https://example.com/x>', 'https://example.com/x'],
  ['(https://example.com/x).', 'https://example.com/x'],
  ['https://example.com/x, and', 'https://example.com/x'],
  ['https://example.com/x!?…', 'https://example.com/x'],
  ['“https://example.com/x”', 'https://example.com/x'],
  ['https://example.com/x。', 'https://example.com/x'],
  ['**https://example.com/x**', 'https://example.com/x'],
  ['https://en.wikipedia.org/wiki/A_(b)', 'https://en.wikipedia.org/wiki/A_(b)'],
  ['(https://en.wikipedia.org/wiki/A_(b))', 'https://en.wikipedia.org/wiki/A_(b)'],
  ['[a](https://example.com/x)', 'https://example.com/x'],
  ['see:https://example.com/x', 'https://example.com/x'],
  ['<a href="https://example.com/x">y</a>', 'https://example.com/x'],
  ['https://example.com/a/', 'https://example.com/a/'],
  ['https://example.com/a=', 'https://example.com/a='],
  ['first https://a.example/1 second https://b.example/2', 'https://a.example/1'],
  ['a.example/1 https://b.example/2', 'https://b.example/2'],
  ['example.com/x', 'https://example.com/x'],
  ['.vdl youtu.be/dQw4w9WgXcQ', 'https://youtu.be/dQw4w9WgXcQ'],
  ['take (youtu.be/abc), thanks', 'https://youtu.be/abc'],
  ['example.com:8080/x', 'https://example.com:8080/x'],
  ['.vdl example.com', 'https://example.com'],
  ['bücher.example/x', 'https://bücher.example/x'],
  ['https://127.0.0.1:9/x', 'https://127.0.0.1:9/x'],
  ['https://user:pw@example.com/', 'https://user:pw@example.com/'],
  // What turns the direction of a text, and what joins or parts its words, is of the text.
  ['\u2066https://example.com/x\u2069', 'https://example.com/x'],
  ['\u202bhttps://example.com/x\u202c.', 'https://example.com/x'],
  ['\u200e(example.com/x)\u200f', 'https://example.com/x'],
];

const words: [string, string][] = [
  ['.vdl hello', 'hello'],
  ['not a url', 'not a url'],
  ['.vdl  two  words ', 'two  words'],
  ['done.thanks to all', 'done.thanks to all'],
  ['e.g. this', 'e.g. this'],
  ['https://', 'https://'],
  ['ftp://example.com/x', 'ftp://example.com/x'],
  ['file:///etc/passwd', 'file:///etc/passwd'],
  ['javascript:alert(1)', 'javascript:alert(1)'],
  ['somebody@example.com', 'somebody@example.com'],
  ['1.5/2', '1.5/2'],
  ['-exec', '-exec'],
];

describe('findUrl', () => {
  it.each(found)('finds in %j the URL %s', (text, expected) => {
    expect(findUrl(text)).toEqual(url(expected));
  });

  it.each(words)('tells that %j holds the words %j and no URL', (text, notUrl) => {
    expect(findUrl(text)).toEqual({ notUrl });
  });

  it.each(['', '   ', '.vdl', ' .vdl \n', '.DL\u200b'.slice(0, 3)])('finds nothing in %j', (text) => {
    expect(findUrl(text)).toBeNull();
  });

  it('prefers a link behind words to a marked URL, and a marked URL to a word', () => {
    const text = 'http://word.example/ http://marked.example/ here';
    const marked = { type: 'url', offset: 21, length: 22 };
    const link = { type: 'text_link', offset: 44, length: 4, url: 'http://link.example/' };
    expect(findUrl(text)).toEqual(url('http://word.example/'));
    expect(findUrl(text, [marked])).toEqual(url('http://marked.example/'));
    expect(findUrl(text, [marked, link])).toEqual(url('http://link.example/'));
  });

  it('reads an entity without a scheme as https, and passes over one that leads elsewhere', () => {
    expect(findUrl('go example.com now', [{ type: 'url', offset: 3, length: 11 }])).toEqual(
      url('https://example.com'),
    );
    expect(findUrl('me', [{ type: 'text_link', offset: 0, length: 2, url: 'tg://user?id=1' }])).toEqual({
      notUrl: 'me',
    });
  });

  it('counts entity offsets in UTF-16 units', () => {
    expect(findUrl('🎬🎬 a.example/x', [{ type: 'url', offset: 5, length: 11 }])).toEqual(
      url('https://a.example/x'),
    );
  });

  it('takes no host for a link whose scheme is another', () => {
    const text = 'ftp://example.com/x';
    const marked = [{ type: 'url', offset: 6, length: 13 }];
    expect(findUrl(text, marked)).toEqual({ notUrl: text });
  });
});
