import { describe, expect, it } from 'vitest';
import { endlessBody, paddedBody, paddedSegment } from './body.ts';

const mp4 = Buffer.from('an mp4');

describe('paddedBody', () => {
  it('is the video, the head of a free box, and zeros up to the size', () => {
    const body = paddedBody(mp4, 100);
    expect(body.sizeBytes).toBe(100);
    expect(body.from(0).toString('latin1')).toBe('an mp4\0\0\0\x5efree');
    expect(body.from(14)).toEqual(Buffer.alloc(86));
    expect(body.from(99)).toHaveLength(1);
  });

  it('gives a box beyond 32 bits its size in 64', () => {
    const sizeBytes = 5_000_000_000;
    const body = paddedBody(mp4, sizeBytes);
    const head = body.from(mp4.length);
    expect([head.readUInt32BE(0), head.toString('latin1', 4, 8)]).toEqual([1, 'free']);
    expect(Number(head.readBigUInt64BE(8))).toBe(sizeBytes - mp4.length);
    expect(body.from(sizeBytes - 3)).toHaveLength(3);
  });

  it('leaves what is long enough as it is', () => expect(paddedBody(mp4, 10).sizeBytes).toBe(mp4.length));
});

describe('paddedBody of another edition', () => {
  it('is as long, and differs in each byte of its box', () =>
    expect(paddedBody(mp4, 100, 3).from(14)).toEqual(Buffer.alloc(86, 3)));
});

describe('paddedSegment', () => {
  it('is the segment and whole null packets', () => {
    const body = paddedSegment(mp4, 300, 2);
    expect(body.sizeBytes).toBe(mp4.length + 2 * 188);
    expect(body.from(0).subarray(0, mp4.length)).toEqual(mp4);
    expect(body.from(mp4.length + 188).subarray(0, 6)).toEqual(Buffer.from([0x47, 0x1f, 0xff, 0x10, 2, 2]));
  });
});

describe('endlessBody', () => {
  it('begins again at its end', () => expect(endlessBody(mp4).from(14).toString()).toBe(' mp4'));
});
