import { setTimeout as sleep } from 'node:timers/promises';
import { type LogLevel, logRoutingKey } from '@heavy/contracts';
import type { Broker } from '@heavy/messaging';

/** Carries finished log lines to the exchange `heavy.logs`. Nothing ever waits for it. */
export interface LogShipper {
  ship(level: LogLevel, line: string): void;
  /** From now on lines go to this broker whenever it takes them. */
  attach(broker: LogBroker): void;
  /** Resolves when all lines have been handed to the broker, or after `withinMs`. */
  drain(withinMs: number): Promise<void>;
  /** Sends no more. */
  close(): void;
}

/** What of a broker the shipper uses. */
export type LogBroker = Pick<Broker, 'publishLog' | 'onState'>;

export interface LogShipperOptions {
  service: string;
  /** Lines kept while the broker is away; the oldest go first. */
  capacity?: number;
  /** One line was lost. */
  onDrop: () => void;
  /** The broker takes lines again after so many were lost. */
  onRecovered: (dropped: number) => void;
}

const retryMs = 200;

interface Line {
  routingKey: string;
  body: Buffer;
}

/** A bounded buffer in front of `Broker.publishLog`: while the broker is away, the oldest lines are dropped and counted. */
export const createLogShipper = ({
  service,
  capacity = 10_000,
  onDrop,
  onRecovered,
}: LogShipperOptions): LogShipper => {
  const waiting: Line[] = [];
  let broker: LogBroker | undefined;
  let retry: NodeJS.Timeout | undefined;
  let dropped = 0;
  let flushing = false;

  const accepts = ({ routingKey, body }: Line): boolean => broker?.publishLog(routingKey, body) ?? false;

  const keep = (line: Line): void => {
    if (waiting.length >= capacity) {
      waiting.shift();
      dropped += 1;
      onDrop();
    }
    waiting.push(line);
    if (broker) retry ??= setInterval(flush, retryMs).unref();
  };

  const flush = (): void => {
    // The line that tells of the loss is logged while flushing, and comes back here.
    if (flushing) return;
    flushing = true;
    let sent = 0;
    for (const line of waiting) {
      if (!accepts(line)) break;
      sent += 1;
    }
    waiting.splice(0, sent);
    if (sent > 0 && dropped > 0) {
      const lost = dropped;
      dropped = 0;
      onRecovered(lost);
    }
    flushing = false;
    if (waiting.length === 0) {
      clearInterval(retry);
      retry = undefined;
    }
  };

  return {
    ship(level, text) {
      const line = { routingKey: logRoutingKey(service, level), body: Buffer.from(text.trimEnd()) };
      if (flushing || waiting.length > 0 || !accepts(line)) keep(line);
    },
    attach(one) {
      broker = one;
      one.onState(flush);
      flush();
      if (waiting.length > 0) retry ??= setInterval(flush, retryMs).unref();
    },
    async drain(withinMs) {
      const deadline = Date.now() + withinMs;
      // The pause comes after the last line too: amqplib writes it in a later turn, and closing would overtake it.
      do {
        flush();
        await sleep(20);
      } while (broker && waiting.length > 0 && Date.now() < deadline);
    },
    close() {
      clearInterval(retry);
      broker = undefined;
    },
  };
};
