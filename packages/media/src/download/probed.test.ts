import { describe, expect, it } from 'vitest';
import { chosenSize, identityOf } from './probed.ts';

const chosen = { url: 'https://cdn.example/a/clip.mp4', protocol: 'https' };
const one = { chosen, parts: [] };
const two = { chosen: {}, parts: [{}, {}] };
const youtube = { id: 'dQw4w9WgXcQ', extractor_key: 'Youtube' };
const generic = { id: 'clip', extractor_key: 'Generic' };

describe('identityOf', () => {
  it('is the id where the site has ids, with kind and variant', () => {
    expect(identityOf(youtube, two, { kind: 'video' })).toBe('Youtube:dQw4w9WgXcQ:video');
    expect(identityOf(youtube, two, { kind: 'video', quality: '1080p' })).toBe('Youtube:dQw4w9WgXcQ:video');
    expect(identityOf(youtube, two, { kind: 'video', quality: '720p' })).toBe(
      'Youtube:dQw4w9WgXcQ:video:720p',
    );
    expect(identityOf(youtube, one, { kind: 'audio', format: 'm4a' })).toBe('Youtube:dQw4w9WgXcQ:audio:m4a');
  });

  it('is the address of the file where a page was read, however that is called', () => {
    const identity = identityOf(generic, one, { kind: 'video' });
    expect(identity).toMatch(/^Generic:[0-9a-f]{64}:video$/);
    expect(identityOf({ id: 'x-1', extractor_key: 'HTML5MediaEmbed' }, one, { kind: 'video' })).toBe(
      identity,
    );
    const other = { chosen: { ...chosen, url: 'https://other.example/a/clip.mp4' }, parts: [] };
    expect(identityOf(generic, other, { kind: 'video' })).not.toBe(identity);
  });

  it.each([
    ['parts of a file', generic, { chosen, parts: [{}, {}] }],
    ['a stream', generic, { chosen: { ...chosen, protocol: 'm3u8_native' }, parts: [] }],
    [
      'a URL with credentials',
      generic,
      { chosen: { ...chosen, url: 'https://a:b@cdn.example/x' }, parts: [] },
    ],
    ['an entry that is called as its playlist', { ...youtube, playlist_id: youtube.id }, one],
    ['an id that is no id', { ...youtube, id: 'x'.repeat(301) }, one],
  ])('does not exist of %s', (_name, info, formats) => {
    expect(identityOf(info, formats, { kind: 'video' })).toBeUndefined();
  });

  it('is never longer than 500 characters', () => {
    const long = { id: 'x'.repeat(300), extractor_key: 'Y'.repeat(100) };
    expect(identityOf(long, one, { kind: 'video', quality: '2160p' })!.length).toBeLessThanOrEqual(500);
  });
});

describe('chosenSize', () => {
  it('adds up what is fetched apart, and says where something is missing', () => {
    expect(chosenSize({ chosen: { filesize: 5 }, parts: [] })).toEqual({ sizeBytes: 5, isWhole: true });
    expect(
      chosenSize({ chosen: { filesize: 1 }, parts: [{ filesize: 5 }, { filesize_approx: 6.7 }] }),
    ).toEqual({ sizeBytes: 12, isWhole: true });
    expect(chosenSize({ chosen: {}, parts: [{ filesize: 5 }, { filesize: null }] })).toEqual({
      ...{ sizeBytes: 5, isWhole: false },
    });
  });
});
