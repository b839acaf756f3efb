import type { Contract, DataOf, QueueDefinition } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { pause } from './backoff.ts';
import { keepConnected } from './connection.ts';
import { type Consumer, defaultGraceMs, startConsumer } from './consumer.ts';
import { BrokerClosed } from './errors.ts';
import { withinFarewell } from './farewell.ts';
import type { Handler } from './handler.ts';
import { bury } from './middleware/dead-letter.ts';
import type { MessagingLogger, MessagingMetrics } from './observers.ts';
import { type PublishOptions, startPublisher } from './publisher.ts';

export interface BrokerOptions {
  /** `amqp://` or `amqps://`, credentials and vhost in it; `?heartbeat=` in seconds defaults to 10. */
  url: string;
  /** The service's name: source of its events and app id of its messages. */
  service: string;
  log: MessagingLogger;
  /** Remembers what was handled. Not closed with the broker. */
  redis: Redis;
  /** The retry ladder, a delay per attempt; 5 s, 30 s and 5 min by default. All replicas of a service need the same. */
  retryDelaysMs?: readonly number[];
  /** Messages in hand per consumer, 100 by default. */
  prefetch?: number;
  /** Messages that may be ahead of their confirms, 500 by default. */
  maxUnconfirmed?: number;
  /** After so long without a confirm the channel is replaced and its messages are sent again; 30 s by default. */
  confirmTimeoutMs?: number;
  metrics?: MessagingMetrics;
  /** Ends the waiting for a broker that cannot be reached. */
  signal?: AbortSignal;
}

/** RabbitMQ as services see it. Publishing and consuming have a connection each, so that one cannot hold up the other. */
export interface Broker {
  /** Whether both connections are up. */
  readonly connected: boolean;
  /** Calls back on each change of `connected`; returns the function that ends it. */
  onState(listener: (connected: boolean) => void): () => void;
  /**
   * Publishes an event, persistent and mandatory, and resolves with its id once the broker has confirmed it. Waits while
   * the broker is away or 500 messages are unconfirmed: await it, and the caller is slowed down. Delivery is at least
   * once; after a lost connection an event may arrive twice, with one id.
   * @throws {InvalidEvent} @throws {Unroutable} @throws {BrokerClosed}
   */
  publish<C extends Contract>(contract: C, data: DataOf<C>, options?: PublishOptions): Promise<string>;
  /**
   * Puts a command into the dead letters of a queue that consumed it, confirmed: for work that outlived its message and was
   * given up. `failures` counts the attempts.
   */
  deadLetter<C extends Contract>(
    queue: QueueDefinition,
    contract: C,
    data: DataOf<C>,
    how: { error: unknown; failures: number },
  ): Promise<void>;
  /** Sends a log line, transient and unconfirmed. False: not taken, since the broker is away or behind; count it as dropped. */
  publishLog(routingKey: string, record: Buffer): boolean;
  /**
   * Declares the queue, its ladder and its dead-letter queue, and consumes. Up to `prefetch` messages are handled at a
   * time, in no order. Of several consumers that have room, those of the highest `priority` get the messages; 0 by default.
   * Rejects where a queue exists with other arguments.
   */
  consume(
    queue: QueueDefinition,
    handlers: readonly Handler[],
    options?: { prefetch?: number; priority?: number },
  ): Promise<Consumer>;
  /**
   * Stops consuming, gives running handlers `graceMs` (20 s by default), then aborts their signal and leaves their
   * messages to be redelivered; waits for confirms for what is left of that time, at least a second; closes.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}

const defaultRetryDelaysMs = [5000, 30_000, 300_000];
const minFlushMs = 1000;

/** Connects, however long that takes: with backoff and jitter, until the signal aborts. */
export const connectBroker = async (options: BrokerOptions): Promise<Broker> => {
  const { url, service, log, redis, metrics = {}, signal } = options;
  const life = new AbortController();
  const listeners = new Set<(connected: boolean) => void>();
  let announced = false;

  const onState = (): void => {
    const connected = isConnected();
    if (connected === announced) return;
    announced = connected;
    for (const listener of listeners) listener(connected);
  };
  const connectionFor = (purpose: string) =>
    keepConnected({ url, name: `${service} ${purpose}`, log, signal: life.signal, onState });
  const publishing = connectionFor('publish');
  const consuming = connectionFor('consume');
  const publisher = startPublisher({
    ...{ connection: publishing, service, log, metrics, signal: life.signal, onState },
    maxUnconfirmed: options.maxUnconfirmed ?? 500,
    confirmTimeoutMs: options.confirmTimeoutMs ?? 30_000,
  });
  const isConnected = (): boolean => publisher.ready && consuming.connected;

  const consumers = new Set<Consumer>();
  const end = async (): Promise<void> => {
    publisher.close();
    life.abort();
    await withinFarewell(Promise.all([publishing.ended, consuming.ended]));
  };
  const close = async (graceMs: number): Promise<void> => {
    const deadline = Date.now() + graceMs;
    await Promise.all([...consumers].map((consumer) => consumer.close({ graceMs })));
    await Promise.race([publisher.flush(), pause(Math.max(minFlushMs, deadline - Date.now()), life.signal)]);
    await end();
  };

  const abort = () => life.abort();
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    await Promise.all([publisher.started, consuming.opened()]);
    signal?.throwIfAborted();
  } catch (cause) {
    await end();
    throw new Error('Gave up connecting to the broker.', { cause });
  } finally {
    signal?.removeEventListener('abort', abort);
  }

  let closing: Promise<void> | undefined;
  return {
    get connected() {
      return isConnected();
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (contract, data, how) => publisher.publish(publisher.seal(contract, data, how)),
    deadLetter: async (queue, contract, data, { error, failures }) => {
      const { body: content, properties } = publisher.seal(contract, data).message;
      await bury(
        { queue: queue.name, publisher, log },
        { content, properties },
        { reason: 'attempts_exhausted', error, failures },
      );
    },
    publishLog: publisher.publishLog,
    consume: async (queue, handlers, how) => {
      if (closing !== undefined) throw new BrokerClosed();
      const consumer = await startConsumer({
        ...{ connection: consuming, publisher, redis, log, metrics, queue, handlers },
        signal: life.signal,
        retryDelaysMs: options.retryDelaysMs ?? defaultRetryDelaysMs,
        prefetch: how?.prefetch ?? options.prefetch ?? 100,
        priority: how?.priority ?? 0,
      });
      consumers.add(consumer);
      return consumer;
    },
    close: ({ graceMs = defaultGraceMs } = {}) => {
      closing ??= close(graceMs);
      return closing;
    },
  };
};
