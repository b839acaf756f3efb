import { describe, expect, it } from 'vitest';
import { countText, durationText, sizeText, timeText } from './words.ts';

describe('sizeText', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_999, '100 kB'],
    [999_600, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [5e15, '5000 TB'],
  ])('%i bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));
});

describe('durationText', () => {
  it.each([
    [undefined, ''],
    [0.4, '0:00'],
    [59.6, '1:00'],
    [3723, '1:02:03'],
  ])('%s seconds are %j', (seconds, text) => expect(durationText(seconds)).toBe(text));
});

describe('timeText', () => {
  it('is local time, or nothing', () => {
    expect(timeText(new Date(2026, 10, 1, 3, 4, 5))).toBe('2026-11-01 03:04');
    expect(timeText(undefined)).toBe('');
  });
});

describe('countText', () => {
  it('counts one and several', () => {
    expect(countText(1, 'object')).toBe('1 object');
    expect(countText(0, 'object')).toBe('0 objects');
  });
});
