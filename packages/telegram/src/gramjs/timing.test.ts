import { describe, expect, it } from 'vitest';
import { backoffMs } from './timing.ts';

describe('backoffMs', () => {
  it('doubles up to its limit, and leaves at most half to chance', () => {
    for (const [attempt, full] of [
      [0, 250],
      [1, 500],
      [4, 4000],
      [7, 30_000],
      [2000, 30_000],
    ] as const)
      for (let i = 0; i < 50; i++) {
        const ms = backoffMs(attempt, { firstMs: 250, maxMs: 30_000 });
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      }
  });
});
