import type { MessagingMetrics } from '@heavy/messaging';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

const secondsBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900,
];

/** What each service measures; its own metrics join the same registry. */
export interface ServiceMetrics {
  registry: Registry;
  messaging: MessagingMetrics;
  /** A log line that did not reach `exchange` or `stdout`. */
  logDropped(target: 'exchange' | 'stdout'): void;
}

/** Node's own metrics, messages published and consumed by type, and lost log lines, all labelled with the service. */
export const createMetrics = (service: string, instance: string): ServiceMetrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ service, instance });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const published = new Histogram({
    name: 'heavy_message_publish_seconds',
    help: 'Seconds from publish to the confirm of the broker, by type of event',
    labelNames: ['type'],
    buckets: secondsBuckets,
    registers,
  });
  const returned = new Counter({
    name: 'heavy_messages_returned_total',
    help: 'Messages that no queue was bound for, by type of event',
    labelNames: ['type'],
    registers,
  });
  const consumed = new Histogram({
    name: 'heavy_message_consume_seconds',
    help: 'Seconds from delivery to settlement, by type of event and outcome',
    labelNames: ['type', 'outcome'],
    buckets: secondsBuckets,
    registers,
  });
  const redelivered = new Counter({
    name: 'heavy_messages_redelivered_total',
    help: 'Messages that came again because a consumer ended before it settled them, by queue',
    labelNames: ['queue'],
    registers,
  });
  const dropped = new Counter({
    name: 'heavy_log_lines_dropped_total',
    help: 'Log lines lost on their way, by where they were to go',
    labelNames: ['target'],
    registers,
  });
  for (const target of ['exchange', 'stdout']) dropped.inc({ target }, 0);

  return {
    registry,
    messaging: {
      published: (type, ms) => published.observe({ type }, ms / 1000),
      returned: (type) => returned.inc({ type }),
      consumed: (type, outcome, ms) => consumed.observe({ type, outcome }, ms / 1000),
      redelivered: (queue) => redelivered.inc({ queue }),
    },
    logDropped: (target) => dropped.inc({ target }),
  };
};
