import type { Logger } from '@heavy/service';
import {
  AuthLost,
  CallTimedOut,
  FloodWait,
  NotConnected,
  SlowMode,
  TelegramUnavailable,
} from '@heavy/telegram';

const longestPauseMs = 30_000;

/** How long to wait before the same call may succeed, in milliseconds; null where waiting does not help. */
const pauseMs = (error: unknown, attempt: number): number | null => {
  if (error instanceof FloodWait || error instanceof SlowMode) return error.seconds * 1000;
  const passing =
    error instanceof NotConnected || error instanceof CallTimedOut || error instanceof TelegramUnavailable;
  return passing
    ? Math.min(longestPauseMs, 500 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2)
    : null;
};

/** Rejects with the signal's reason when it aborts. */
const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
  signal.throwIfAborted();
};

/**
 * Calls Telegram until it answers: waits that it imposes are kept to the second, a lost connection is waited for.
 * Safe only for calls that may be repeated: sends carry a `random_id`, the rest is idempotent by nature. A session that
 * is gone holds the message back until the process ends, so that the answer survives a new log-in.
 * @throws what no waiting can mend, and the abort reason of `signal`.
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
      const waitMs = error instanceof AuthLost ? longestPauseMs : pauseMs(error, attempt);
      if (waitMs === null) throw error;
      log.warn({ err: error, attempt, waitMs }, 'Telegram did not take the call; it will be repeated');
      await pause(waitMs, signal);
    }
  }
};
