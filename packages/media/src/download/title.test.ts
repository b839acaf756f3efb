import { describe, expect, it } from 'vitest';
import { fileTitle, titleOf } from './title.ts';

describe('fileTitle', () => {
  it.each([
    ['https://e.example/a/clip.mp4', 'clip'],
    ['https://e.example/My%20Film%20%E2%80%93%20Teil%202.mp4?x=1', 'My Film – Teil 2'],
    ['https://e.example/v1.2.final.webm', 'v1.2.final'],
    ['https://e.example/%ff.mp4', '%ff'],
    ['https://e.example/watch/', 'watch'],
    ['https://e.example/', 'e.example'],
  ])('calls %s "%s"', (url, title) => {
    expect(fileTitle(url)).toBe(title);
  });
});

describe('titleOf', () => {
  const url = 'https://e.example/file.mp4';
  const site = { id: '1', extractor_key: 'Vimeo' };

  it('takes the title of the page, and of a bare file its name', () => {
    expect(titleOf({ ...site, title: 'A title' }, url)).toEqual({ title: 'A title' });
    const direct = { id: 'f', title: 'f_le', direct: true, webpage_url: 'https://e.example/f%20le.mp4' };
    expect(titleOf(direct, url)).toEqual({ title: 'f le' });
    expect(titleOf(undefined, url)).toEqual({ title: 'file' });
  });

  it('prefers the artist to the uploader, and takes no host for one', () => {
    expect(titleOf({ ...site, artist: 'A', uploader: 'U' }, url).performer).toBe('A');
    expect(titleOf({ ...site, uploader: 'U', channel: 'C' }, url).performer).toBe('U');
    expect(titleOf({ id: '1', extractor_key: 'Generic', uploader: 'e.example' }, url)).not.toHaveProperty(
      'performer',
    );
  });

  it('keeps titles on one line, within their length and whole in their last character', () => {
    expect(titleOf({ ...site, title: ' a\r\n\u0000b\u2028c ' }, url).title).toBe('a b c');
    const long = titleOf({ ...site, title: `${'x'.repeat(1023)}🎬` }, url).title;
    expect(long).toBe('x'.repeat(1023));
    expect(titleOf({ ...site, title: '\n' }, url).title).toBe('Untitled');
  });
});
