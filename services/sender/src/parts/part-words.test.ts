import { describe, expect, it } from 'vitest';
import { byteCaption, byteName, videoCaption, videoName } from './part-words.ts';

const media = (title: string, sourceUrl = 'https://example.com/v') => ({ title, sourceUrl, durationS: 1 });

describe('videoCaption', () => {
  it('is the title with the place of the part, in bold, above the source', () => {
    expect(videoCaption(media('A film'), { number: 2, count: 3 })).toEqual({
      text: 'A film (2/3)\nhttps://example.com/v',
      entities: [{ type: 'bold', offset: 0, length: 12 }],
    });
  });

  it('cuts a long title, and never its place', () => {
    const [heading] = videoCaption(media('a'.repeat(400)), { number: 12, count: 15 }).text.split('\n');
    expect(heading).toMatch(/^a+… \(12\/15\)$/u);
    expect(heading).toHaveLength(300);
  });

  it('has the place where there is no title', () => {
    expect(videoCaption(media(' '), { number: 1, count: 2 }).text).toMatch(/^\(1\/2\)\n/u);
  });
});

describe('byteCaption', () => {
  it('says how to join the parts, with the first one only', () => {
    const first = byteCaption(media('A song'), { number: 1, count: 3 }, 'A song.mp3').text;
    expect(first).toMatch(/^A song \(1\/3\)\nhttps:\/\/example\.com\/v\n\nThese are 3 parts of one file\./u);
    expect(first).toContain('cat "A song.mp3".0* > "A song.mp3"');
    expect(first).toContain('copy /b "A song.mp3.001"+"A song.mp3.002"+… "A song.mp3"');
    expect(byteCaption(media('A song'), { number: 2, count: 3 }, 'A song.mp3').text).toBe(
      'A song (2/3)\nhttps://example.com/v',
    );
  });

  it.each([900, 1000, 1800])('stays within the limit with a source of %i units', (length) => {
    const long = media('a'.repeat(400), `https://example.com/${'x'.repeat(length)}`);
    const name = `${'n'.repeat(80)}.mp3`;
    const { text } = byteCaption(long, { number: 1, count: 900 }, name);
    expect(text.length).toBeLessThanOrEqual(1024);
    expect(text).toContain('To join them');
  });
});

describe('the names of parts', () => {
  it('sort in their order and keep what the file is', () => {
    expect(videoName('A film.mp4', { number: 2, count: 3 })).toBe('A film (2 of 3).mp4');
    expect(byteName('A song.mp3', { number: 2, count: 3 })).toBe('A song.mp3.002');
  });
});
