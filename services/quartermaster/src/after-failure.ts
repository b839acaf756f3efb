import type { FailureCode, FailureContext } from '@heavy/contracts';
import { passingFailures } from '@heavy/downloads';
import type { QuartermasterConfig } from './config.ts';

/** What a failed attempt comes to. `source` is another attempt, of which there are only so many; `update` waits for yt-dlp. */
export type NextAttempt = { after: 'source' | 'update'; delayMs: number };

export interface FailedAttempt {
  code: FailureCode;
  context: FailureContext;
  /** How often the source has failed, this time included. */
  failures: number;
  /** Since the job was handed on. */
  ageMs: number;
}

type Settings = Pick<
  QuartermasterConfig,
  | 'JOB_ATTEMPTS'
  | 'JOB_RETRY_DELAY_MS'
  | 'JOB_RETRY_MAX_DELAY_MS'
  | 'JOB_PATIENCE_MS'
  | 'YTDLP_CHECK_INTERVAL_MS'
>;

/** Doubles with each failure; up to half of it is left to chance, so that jobs of one source do not come back all at once. */
const backoffMs = (config: Settings, failures: number, random: () => number): number => {
  const longest = Math.min(config.JOB_RETRY_DELAY_MS * 2 ** (failures - 1), config.JOB_RETRY_MAX_DELAY_MS);
  return Math.round(longest * (1 - random() / 2));
};

/** When a job is tried again; null where it is over. */
export const afterFailure = (
  { code, context, failures, ageMs }: FailedAttempt,
  config: Settings,
  random: () => number = Math.random,
): NextAttempt | null => {
  const isBroken = code === 'extractor_broken';
  if (!isBroken && (!passingFailures.has(code) || failures >= config.JOB_ATTEMPTS)) return null;
  const delayMs = isBroken
    ? config.YTDLP_CHECK_INTERVAL_MS
    : Math.max(backoffMs(config, failures, random), (context.retryAfterS ?? 0) * 1000);
  if (ageMs + delayMs > config.JOB_PATIENCE_MS) return null;
  return { after: isBroken ? 'update' : 'source', delayMs };
};
