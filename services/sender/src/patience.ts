import { RetryableError } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import {
  AuthLost,
  CallTimedOut,
  FloodWait,
  NotConnected,
  SessionLeaseLost,
  SlowMode,
  TelegramUnavailable,
} from '@heavy/telegram';
import { sleep } from '@heavy/timing';
import type { LimitFunction } from 'p-limit';
import type { Lanes, Post } from './lanes.ts';

const longestPauseMs = 30_000;

/** A message is not held for longer: RabbitMQ takes a consumer that settles nothing for half an hour for dead. */
export const longestHeldMs = 10 * 60_000;

/** For a message that would have to be held for too long. It comes back by the retry ladder, any number of times. */
export const putOff = (retryAfterMs: number, options?: ErrorOptions): RetryableError =>
  new RetryableError('This has to wait for longer than a message is held.', {
    ...options,
    retryAfterMs,
    countsAsAttempt: false,
  });

/**
 * How long to wait before the same call may succeed, in milliseconds; null where waiting does not help. Without a session, or its
 * lease, nothing can be done by this process: the message is held back until that ends, so that the answer survives it.
 */
export const pauseMs = (error: unknown, attempt: number): number | null => {
  if (error instanceof AuthLost || error instanceof SessionLeaseLost) return longestPauseMs;
  if (error instanceof FloodWait || error instanceof SlowMode) return error.seconds * 1000;
  const passing =
    error instanceof NotConnected || error instanceof CallTimedOut || error instanceof TelegramUnavailable;
  return passing
    ? Math.min(longestPauseMs, 500 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2)
    : null;
};

/**
 * Calls Telegram until it answers: waits that it imposes are kept to the second, a lost connection is waited for.
 * Safe only for calls that may be repeated: sends carry a `random_id`, the rest is idempotent by nature.
 * @throws what no waiting can mend, {@link putOff} for a wait that is too long, and the abort reason of `signal`.
 */
export const withPatience = async <T>(
  call: () => Promise<T>,
  signal: AbortSignal,
  log: Logger,
): Promise<T> => {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const waitMs = pauseMs(error, attempt);
      if (waitMs === null) throw error;
      if (waitMs > longestHeldMs) throw putOff(waitMs, { cause: error });
      log.warn({ err: error, attempt, waitMs }, 'Telegram did not take the call; it will be repeated');
      await sleep(waitMs, signal);
    }
  }
};

/**
 * `withPatience` for a few calls at a time; one that waits is not among these. What a chat can see is a `post`: it has its turn
 * in the lane of its chat.
 */
export const patiently =
  (lanes: Pick<Lanes, 'post'>, limit: LimitFunction, log: Logger) =>
  <T>(call: () => Promise<T>, signal: AbortSignal, post?: Post): Promise<T> =>
    post ? lanes.post(post, call, signal) : withPatience(() => limit(call), signal, log);

export type Patiently = ReturnType<typeof patiently>;
