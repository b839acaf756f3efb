import type { FailureCode } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { afterFailure, type FailedAttempt } from './after-failure.ts';

const config = {
  ...{ JOB_ATTEMPTS: 5, JOB_RETRY_DELAY_MS: 1000, JOB_RETRY_MAX_DELAY_MS: 4000, JOB_PATIENCE_MS: 100_000 },
  YTDLP_CHECK_INTERVAL_MS: 600,
};
const failed = (code: FailureCode, more: Partial<FailedAttempt> = {}): FailedAttempt => ({
  ...{ code, context: {}, failures: 1, ageMs: 0 },
  ...more,
});

describe('afterFailure', () => {
  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 4000],
  ])(
    'tries a source again after failure %i within %i ms, and not before half of that',
    (failures, longestMs) => {
      const delayMs = (random: number) =>
        afterFailure(failed('source_slow', { failures }), config, () => random)?.delayMs;
      expect(delayMs(0)).toBe(longestMs);
      expect(delayMs(1)).toBe(longestMs / 2);
    },
  );

  it('ends after the last attempt', () => {
    expect(afterFailure(failed('source_slow', { failures: 5 }), config)).toBeNull();
  });

  it('waits as long as the source wants it to', () => {
    const next = afterFailure(failed('source_rate_limited', { context: { retryAfterS: 60 } }), config);
    expect(next).toEqual({ after: 'source', delayMs: 60_000 });
  });

  it('waits for another yt-dlp where the site cannot be read, however often it looks', () => {
    expect(afterFailure(failed('extractor_broken', { failures: 99 }), config)).toEqual({
      ...{ after: 'update', delayMs: 600 },
    });
  });

  it.each(['source_slow', 'extractor_broken'] as const)('ends %s where the patience does', (code) => {
    expect(afterFailure(failed(code, { ageMs: 99_900 }), config)).toBeNull();
  });

  it.each(['not_found', 'too_large', 'login_required', 'unsupported'] as const)('ends %s at once', (code) => {
    expect(afterFailure(failed(code), config)).toBeNull();
  });
});
