import { headers, retryQueueName } from '@heavy/contracts';
import { GivenUp, type Middleware } from '../delivery.ts';
import { PermanentError, RetryableError, summarizeError } from '../errors.ts';
import type { MessagingLogger } from '../observers.ts';
import type { Publisher } from '../publisher.ts';
import { forward } from './forward.ts';

/**
 * The delay before the next attempt, or null where there is none. `failures` counts this one; `retryAfterMs` picks the
 * smallest rung that is as long, or the longest there is.
 */
export const nextDelayMs = (
  ladder: readonly number[],
  failures: number,
  retryAfterMs: number | undefined,
): number | null => {
  if (failures > ladder.length) return null;
  if (retryAfterMs === undefined) return ladder[failures - 1] ?? null;
  const sorted = ladder.toSorted((a, b) => a - b);
  return sorted.find((delayMs) => delayMs >= retryAfterMs) ?? sorted.at(-1) ?? null;
};

interface RetryOptions {
  queue: string;
  ladder: readonly number[];
  publisher: Publisher;
  log: MessagingLogger;
}

/** What was put off stays on the ladder for as long as it takes: null only where there is no ladder. */
const putOffMs = (ladder: readonly number[], { retryAfterMs }: RetryableError): number | null =>
  nextDelayMs(ladder, 1, retryAfterMs);

/**
 * Puts a message whose handler failed on the retry ladder, confirmed, with our attempt header one higher unless the failure
 * does not count as an attempt.
 * Throws `GivenUp` where the error is permanent, or this was the last attempt.
 */
export const retry =
  ({ queue, ladder, publisher, log }: RetryOptions): Middleware =>
  (next) =>
  async (delivery) => {
    try {
      return await next(delivery);
    } catch (error) {
      if (delivery.signal.aborted) throw error;
      if (error instanceof PermanentError) throw new GivenUp('permanent_error', error);
      const retryable = error instanceof RetryableError ? error : undefined;
      const isPutOff = retryable?.countsAsAttempt === false;
      const failures = delivery.failures + (isPutOff ? 0 : 1);
      const delayMs = isPutOff
        ? putOffMs(ladder, retryable)
        : nextDelayMs(ladder, failures, retryable?.retryAfterMs);
      if (delayMs === null) throw new GivenUp('attempts_exhausted', error);
      const { id: eventId, type, correlationid: correlationId } = delivery.envelope;
      const about = { err: error, eventId, type, correlationId, failures, delayMs };
      if (isPutOff) log.info(about, 'put off, will be tried again');
      // Anything but the announced kind is a bug, and worth waking somebody for.
      else log[retryable ? 'warn' : 'error'](about, 'handling failed, will be tried again');
      await publisher.send(
        forward(delivery.message, '', retryQueueName(queue, delayMs), {
          [headers.attempt]: failures,
          [headers.lastError]: summarizeError(error),
        }),
      );
      return 'retried';
    }
  };
