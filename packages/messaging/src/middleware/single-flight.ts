import type { Middleware } from '../delivery.ts';
import type { Outcome } from '../observers.ts';

/**
 * Runs one event only once at a time in this process. Where the connection is lost during a long handler, the broker
 * delivers the message again while the handler still runs: the new delivery waits for that run and is settled by its
 * result. A copy with another count of failures is another attempt: it waits for the end, and then is handled itself.
 */
export const singleFlight = (): Middleware => (next) => {
  const running = new Map<string, { failures: number; outcome: Promise<Outcome> }>();
  return async (delivery) => {
    const { id } = delivery.envelope;
    for (let other = running.get(id); other; other = running.get(id)) {
      if (other.failures === delivery.failures) {
        await other.outcome;
        return 'duplicate';
      }
      // Its failure is its own delivery's business.
      await other.outcome.catch(() => undefined);
    }
    const outcome = next(delivery);
    running.set(id, { failures: delivery.failures, outcome });
    try {
      return await outcome;
    } finally {
      running.delete(id);
    }
  };
};
