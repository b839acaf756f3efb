import { describe, expect, it } from 'vitest';
import { jpegSize, pngSize } from './image-size.ts';

describe('jpegSize', () => {
  it('finds the frame header behind other segments', () => {
    const jpeg = Buffer.from(
      'ffd8ffe000104a46494600010100000100010000ffc4000401ffffc0001108016802800301',
      'hex',
    );
    expect(jpegSize(jpeg)).toEqual({ width: 640, height: 360 });
  });

  it('gives null for what is no JPEG, or ends before its size', () => {
    expect(jpegSize(Buffer.from('not a jpeg'))).toBeNull();
    expect(jpegSize(Buffer.from('ffd8ffe000104a46', 'hex'))).toBeNull();
  });
});

describe('pngSize', () => {
  it('reads the header chunk', () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d494844520000028000000168', 'hex');
    expect(pngSize(png)).toEqual({ width: 640, height: 360 });
    expect(pngSize(Buffer.alloc(30))).toBeNull();
  });
});
