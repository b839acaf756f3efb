import { describe, expect, it } from 'vitest';
import { byBytes, partId } from './part.ts';

describe('byBytes', () => {
  it('covers the object once, with no part over the limit', () => {
    expect(byBytes(25, 10)).toEqual([
      { as: 'bytes', start: 0, end: 10 },
      { as: 'bytes', start: 10, end: 20 },
      { as: 'bytes', start: 20, end: 25 },
    ]);
    expect(byBytes(20, 10)).toHaveLength(2);
  });
});

describe('partId', () => {
  it('tells what holds something else, and nothing but that', () => {
    const part = { as: 'video', fromS: 10.0004, toS: 20, sizeBytes: 5, firstGopS: 2 } as const;
    expect(partId(part)).toBe('video-10000-20000');
    expect(partId({ ...part, sizeBytes: 7 })).toBe(partId(part));
    expect(partId({ as: 'video', fromS: 10, sizeBytes: 5, firstGopS: 2 })).toBe('video-10000-end');
    expect(partId({ as: 'bytes', start: 0, end: 10 })).not.toBe(partId({ as: 'bytes', start: 0, end: 11 }));
  });
});
