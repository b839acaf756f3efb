import { describe, expect, it } from 'vitest';
import { createTally } from './tally.ts';

describe('createTally', () => {
  it('counts the last minute', () => {
    let now = 1_000_000;
    const tally = createTally(() => now);
    for (let second = 0; second < 90; second += 1) {
      tally.add();
      now += 1000;
    }
    expect(tally.count()).toBe(59);
    now += 60_000;
    expect(tally.count()).toBe(0);
  });
});
