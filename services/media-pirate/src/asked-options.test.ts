import { describe, expect, it } from 'vitest';
import { askedOptions } from './asked-options.ts';

describe('askedOptions', () => {
  it.each([
    ['', {}],
    ['https://example.com/720p', {}],
    ['https://example.com/v 720p', { quality: '720p' }],
    ['720P https://example.com/v please', { quality: '720p' }],
    ['https://example.com/v in 4K', { quality: '2160p' }],
    ['https://example.com/v best', { quality: 'best' }],
    ['https://example.com/v 480p, 360p', { quality: '360p' }],
    ['https://example.com/v 721p mp3 opus', {}],
    ['https://example.com/list #3', { item: 3 }],
    ['https://example.com/list (#12) 720p', { item: 12, quality: '720p' }],
    ['https://example.com/list#3', {}],
    ['https://example.com/list #0', {}],
    ['https://example.com/list #9999999', {}],
  ])('reads of a video %j', (text, options) => expect(askedOptions('video', text)).toEqual(options));

  it.each([
    ['https://example.com/v opus', { format: 'opus' }],
    ['https://example.com/v M4A', { format: 'm4a' }],
    ['https://example.com/v mp3 #2', { format: 'mp3', item: 2 }],
    ['https://example.com/v 720p wav', {}],
  ])('reads of a sound %j', (text, options) => expect(askedOptions('audio', text)).toEqual(options));
});
