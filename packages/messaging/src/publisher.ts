import { randomUUID } from 'node:crypto';
import {
  type Contract,
  checkEnvelope,
  type DataOf,
  type Envelope,
  envelope,
  exchange,
  InvalidEvent,
  logsExchange,
  maxBodyBytes,
} from '@heavy/contracts';
import type { Channel } from 'amqplib';
import { keepUp, pause } from './backoff.ts';
import { createConfirmWindow, type Outgoing } from './confirm-window.ts';
import type { Connection } from './connection.ts';
import { currentContext } from './correlation.ts';
import { closeChannel } from './farewell.ts';
import type { MessagingLogger, MessagingMetrics } from './observers.ts';
import { declareExchanges } from './topology.ts';

export interface PublishOptions {
  /** Defaults to a random UUID. The same fact published twice should carry the same id. */
  id?: string;
  /** Defaults to that of the event being handled, or else a new one. */
  correlationId?: string;
}

/** An envelope that has been checked and encoded. */
export interface Sealed {
  readonly envelope: Envelope;
  readonly message: Outgoing;
}

export interface Publisher {
  readonly ready: boolean;
  /** Resolves when it is ready for the first time. */
  readonly started: Promise<void>;
  /** Stamps, checks and encodes an event in the current correlation context. @throws {InvalidEvent} */
  seal<C extends Contract>(contract: C, data: DataOf<C>, options?: PublishOptions): Sealed;
  /** Resolves with the event's id once the broker has confirmed. @throws {Unroutable} @throws {BrokerClosed} */
  publish(sealed: Sealed): Promise<string>;
  /** Sends a message as it is, confirmed. @throws {Unroutable} @throws {BrokerClosed} */
  send(message: Outgoing): Promise<void>;
  publishLog(routingKey: string, record: Buffer): boolean;
  /** Resolves when all that was published is confirmed. */
  flush(): Promise<void>;
  /** Rejects what is unconfirmed, and all that comes. */
  close(): void;
}

export interface PublisherOptions {
  connection: Connection;
  service: string;
  log: MessagingLogger;
  metrics: MessagingMetrics;
  maxUnconfirmed: number;
  confirmTimeoutMs: number;
  signal: AbortSignal;
  onState: () => void;
}

const contentType = 'application/cloudevents+json';

/** Publishes over a confirm channel and, for logs, a plain one; both come back with the connection. */
export const startPublisher = (options: PublisherOptions): Publisher => {
  const { connection, service, log, metrics, confirmTimeoutMs, signal, onState } = options;
  const window = createConfirmWindow({
    size: options.maxUnconfirmed,
    log,
    signal,
    onReturn: (type) => metrics.returned?.(type),
  });
  const started = Promise.withResolvers<void>();
  let ready = false;
  let blocked = false;
  let logs: Channel | undefined;
  let logsFull = false;

  connection.onBlocked((value) => {
    blocked = value;
    window.setPaused(value);
  });

  /** Until a channel closes, or the broker leaves a message unconfirmed for too long. */
  const untilStalled = async (closed: AbortSignal): Promise<void> => {
    while (await pause(confirmTimeoutMs / 4, closed)) {
      if (window.oldestUnconfirmedMs() <= confirmTimeoutMs) continue;
      log.error({ confirmTimeoutMs }, 'broker does not confirm, opening another channel');
      return;
    }
  };

  const session = async (): Promise<void> => {
    const model = await connection.opened();
    const closed = new AbortController();
    const open: Channel[] = [];
    const watch = <C extends Channel>(channel: C): C => {
      channel.on('error', (err) => log.warn({ err }, 'publishing channel failed'));
      channel.once('close', () => closed.abort());
      open.push(channel);
      return channel;
    };
    try {
      const confirming = watch(await model.createConfirmChannel());
      const logging = watch(await model.createChannel());
      await declareExchanges(confirming);
      window.attach(confirming);
      logging.on('drain', () => {
        logsFull = false;
      });
      logsFull = false;
      logs = logging;
      ready = true;
      started.resolve();
      onState();
      await untilStalled(closed.signal);
    } finally {
      ready = false;
      logs = undefined;
      window.detach();
      onState();
      await Promise.all(open.map(closeChannel));
    }
  };

  const finished = keepUp(session, { name: 'publisher', log, signal });
  void finished.then(() => started.resolve());

  const send = (message: Outgoing) => window.send(message);

  return {
    get ready() {
      return ready;
    },
    started: started.promise,
    seal: (contract, data, { id, correlationId } = {}) => {
      const context = currentContext();
      const event = checkEnvelope(
        envelope(contract, data, {
          source: service,
          correlationId: correlationId ?? context?.correlationId ?? randomUUID(),
          ...(context?.causationId === undefined ? {} : { causationId: context.causationId }),
          ...(context?.traceparent === undefined ? {} : { traceparent: context.traceparent }),
          ...(id === undefined ? {} : { id }),
        }),
      );
      const body = Buffer.from(JSON.stringify(event));
      if (body.byteLength > maxBodyBytes)
        throw new InvalidEvent('too_large', `${body.byteLength} bytes, and ${maxBodyBytes} are allowed`);
      const message: Outgoing = {
        exchange,
        routingKey: event.type,
        body,
        type: event.type,
        optional: !contract.mandatory,
        properties: {
          messageId: event.id,
          type: event.type,
          correlationId: event.correlationid,
          appId: service,
          // AMQP counts in seconds.
          timestamp: Math.floor(Date.now() / 1000),
          contentType,
          persistent: true,
          mandatory: true,
        },
      };
      return { envelope: event, message };
    },
    publish: ({ envelope: event, message }) => {
      const startedAt = performance.now();
      return send(message).then(() => {
        metrics.published?.(event.type, performance.now() - startedAt);
        return event.id;
      });
    },
    send,
    publishLog: (routingKey, record) => {
      if (!logs || blocked || logsFull) return false;
      try {
        logsFull = !logs.publish(logsExchange, routingKey, record, {
          persistent: false,
          contentType: 'application/json',
          appId: service,
        });
        return true;
      } catch {
        // The channel is closing; the caller counts it among the dropped.
        return false;
      }
    },
    flush: () => window.idle(),
    close: () => window.close(),
  };
};
