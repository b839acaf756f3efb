import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagingLogger } from './observers.ts';

const firstDelayMs = 100;
const maxDelayMs = 5000;

/** Exponential backoff with jitter: 50-100 ms at first, doubling, 2.5-5 s at most. */
export const backoffMs = (attempt: number, random = Math.random()): number =>
  Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2);

/** Waits; resolves early, with false, when the signal aborts. */
export const pause = async (ms: number, signal: AbortSignal): Promise<boolean> =>
  sleep(ms, true, { signal }).catch(() => false);

interface KeepUpOptions {
  /** What is kept up, for the log. */
  name: string;
  log: MessagingLogger;
  signal: AbortSignal;
}

/**
 * Runs `session` again whenever it ends or fails, with backoff and jitter, until the signal aborts. A session that lasted
 * longer than the longest delay starts the backoff anew. Never rejects.
 */
export const keepUp = async (session: () => Promise<void>, options: KeepUpOptions): Promise<void> => {
  const { name, log, signal } = options;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const startedAt = Date.now();
    try {
      await session();
    } catch (err) {
      if (!signal.aborted) log.warn({ err, attempt }, `${name} failed, trying again`);
    }
    if (Date.now() - startedAt > maxDelayMs) attempt = 0;
    await pause(backoffMs(attempt), signal);
  }
};
