import { describe, expect, it } from 'vitest';
import { nextDelayMs } from './retry.ts';

const ladder = [5000, 30_000, 300_000];

describe('nextDelayMs', () => {
  it('climbs a rung per failure and ends after the last', () => {
    expect([1, 2, 3, 4].map((failures) => nextDelayMs(ladder, failures, undefined))).toEqual([
      ...ladder,
      null,
    ]);
  });

  it.each([
    [1, 5000],
    [5001, 30_000],
    [30_000, 30_000],
    [86_400_000, 300_000],
  ])('takes the smallest rung of at least %i ms, or the longest', (retryAfterMs, delayMs) =>
    expect(nextDelayMs(ladder.toReversed(), 1, retryAfterMs)).toBe(delayMs),
  );

  it("ends at the ladder's end whatever the error asks for", () =>
    expect(nextDelayMs(ladder, 4, 1000)).toBeNull());

  it('is null without a ladder', () => expect(nextDelayMs([], 1, undefined)).toBeNull());
});
