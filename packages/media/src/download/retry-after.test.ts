import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from './retry-after.ts';

const now = Date.UTC(2026, 10, 30, 12);

describe('retryAfterSeconds', () => {
  it.each([
    ['120', 120],
    [' 0 ', 0],
    ['99999999999', 86_400],
    ['Mon, 30 Nov 2026 12:01:00 GMT', 60],
    ['Mon, 30 Nov 2026 11:00:00 GMT', 0],
    ['Tue, 30 Nov 2027 12:00:00 GMT', 86_400],
    ['soon', undefined],
    ['', undefined],
  ])('reads %j', (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });
});
