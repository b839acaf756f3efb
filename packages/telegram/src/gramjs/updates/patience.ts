import { backoffMs, sleep } from '@heavy/timing';
import { AuthLost, CallTimedOut, FloodWait, NotConnected } from '../../errors.ts';
import type { Logger } from '../../logger.ts';

/** Tries until it is done. `what` is the complaint of an attempt that failed. */
export type Patience = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/**
 * Tries for as long as the signal has not aborted, and obeys the waits that Telegram asks for. Rejects with the signal's reason,
 * with AuthLost, and with what is `hopeless`.
 */
export const patience =
  (signal: AbortSignal, log: Logger, hopeless: (error: unknown) => boolean = () => false): Patience =>
  async (what, work) => {
    for (let attempt = 0; ; ) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AuthLost || hopeless(error)) throw error;
        log.warn({ err: error, attempt }, what);
        // It has waited for a link already; the next attempt does it again.
        if (error instanceof NotConnected || error instanceof CallTimedOut) attempt = 0;
        const waitMs = error instanceof FloodWait ? error.seconds * 1000 : 0;
        await sleep(Math.max(waitMs, backoffMs(attempt++, { firstMs: 250, maxMs: 30_000 })), signal);
      }
    }
  };
