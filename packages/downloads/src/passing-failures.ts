import type { FailureCode } from '@heavy/contracts';

/** Failures that may pass by themselves. */
export const passingFailures: ReadonlySet<FailureCode> = new Set([
  ...(['source_slow', 'source_rate_limited', 'source_unreachable'] as const),
]);
