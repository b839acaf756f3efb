import type { Broker, Consumer } from '@heavy/messaging';
import type { CheckResult } from './health.ts';

/** The consumers that a service has started: drained before anything else stops, while it can still publish. */
export interface ConsumerTracker {
  /** The same broker; what consumes through it is tracked. */
  track(broker: Broker): Broker;
  /** No new messages; those in hand have `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Holds while the broker is connected and every consumer is being delivered to. */
  check(broker: Broker | undefined): CheckResult;
}

export const trackConsumers = (): ConsumerTracker => {
  const consumers = new Set<Consumer>();
  let draining = false;
  return {
    track: (broker) => ({
      get connected() {
        return broker.connected;
      },
      onState: broker.onState,
      publish: broker.publish,
      deadLetter: broker.deadLetter,
      publishLog: broker.publishLog,
      close: broker.close,
      consume: async (...args) => {
        const consumer = await broker.consume(...args);
        consumers.add(consumer);
        // The stop may have come while the queue was being declared.
        if (draining) await consumer.close({ graceMs: 0 });
        return {
          queue: consumer.queue,
          get consuming() {
            return consumer.consuming;
          },
          close: async (how) => {
            await consumer.close(how);
            consumers.delete(consumer);
          },
        };
      },
    }),
    async drain(graceMs) {
      draining = true;
      await Promise.all([...consumers].map((consumer) => consumer.close({ graceMs })));
    },
    check(broker) {
      if (broker?.connected !== true) return { ok: false, detail: 'not connected' };
      const idle = draining ? [] : [...consumers].filter((consumer) => !consumer.consuming);
      if (idle.length === 0) return { ok: true };
      return { ok: false, detail: `not consuming ${idle.map((consumer) => consumer.queue).join(', ')}` };
    },
  };
};
