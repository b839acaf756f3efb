import type { UpdatesStatus } from '@heavy/telegram';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Why a command was not run. */
export const refusalReasons = ['standing', 'rate_limit', 'age'] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** What the gateway measures of each command. */
export interface GatewayMetrics {
  /** With the seconds from receiving the update to the broker's confirm of its event. */
  dispatched(seconds: number): void;
  refused(reason: RefusalReason): void;
}

/** How the session stands at the moment of a scrape. */
interface SessionFigures {
  readonly isOwner: boolean;
  readonly updates: UpdatesStatus | undefined;
}

/** The gateway's metrics: of commands, as they come, and of the session, whenever somebody looks. */
export const createGatewayMetrics = (registry: Registry, session: SessionFigures): GatewayMetrics => {
  const registers = [registry];
  const dispatched = new Histogram({
    name: 'heavy_gateway_dispatch_seconds',
    help: 'From receiving an update to the confirmed publication of its event',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  });
  const refused = new Counter({
    name: 'heavy_gateway_refused_total',
    help: 'Commands that were not run, by why',
    labelNames: ['reason'],
    registers,
  });
  for (const reason of refusalReasons) refused.inc({ reason }, 0);

  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name: `heavy_gateway_${name}`, help, registers },
      collect() {
        this.set(value());
      },
    });
  gauge('session_owner', '1 where this process has the session, 0 where it stands by', () =>
    Number(session.isOwner),
  );
  gauge(
    'updates_pending',
    'Messages that were received and are not dealt with',
    () => session.updates?.pending ?? 0,
  );
  gauge(
    'update_lag_seconds',
    'How long the oldest message waits that is not dealt with',
    () => (session.updates?.lagMs ?? 0) / 1000,
  );

  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      ...{ name: `heavy_gateway_${name}_total`, help, registers },
      collect() {
        // Counted elsewhere, and from 0 again in each term: what a counter may do, and a sum need not know.
        this.reset();
        this.inc(value());
      },
    });
  counter('update_gaps', 'Gaps that were found in the updates', () => session.updates?.gaps ?? 0);
  counter('update_repeats', 'Updates that came twice', () => session.updates?.repeats ?? 0);

  return {
    dispatched: (seconds) => dispatched.observe(seconds),
    refused: (reason) => refused.inc({ reason }),
  };
};
