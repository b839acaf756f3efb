import { type Envelope, headers, InvalidEvent, parseEnvelope, type QueueDefinition } from '@heavy/contracts';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Redis } from 'ioredis';
import { type Acknowledgements, acknowledgeOn } from './acknowledgements.ts';
import { keepUp, pause } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Step } from './delivery.ts';
import { BrokerClosed, Unroutable } from './errors.ts';
import { closeChannel, withinFarewell } from './farewell.ts';
import { type Handler, runHandler } from './handler.ts';
import { bury, deadLetter } from './middleware/dead-letter.ts';
import { deduplicate } from './middleware/deduplicate.ts';
import { retry } from './middleware/retry.ts';
import { singleFlight } from './middleware/single-flight.ts';
import type { MessagingLogger, MessagingMetrics, Outcome } from './observers.ts';
import type { Publisher } from './publisher.ts';
import { declareQueue } from './topology.ts';

/** A running consumer of one queue. */
export interface Consumer {
  readonly queue: string;
  /** Whether messages are being delivered at present. */
  readonly consuming: boolean;
  /** Takes no more messages; what is being handled has `graceMs`, then its signal aborts and it is left to be redelivered. */
  close(options?: { graceMs?: number }): Promise<void>;
}

export interface ConsumerOptions {
  connection: Connection;
  publisher: Publisher;
  redis: Redis;
  log: MessagingLogger;
  metrics: MessagingMetrics;
  queue: QueueDefinition;
  handlers: readonly Handler[];
  retryDelaysMs: readonly number[];
  prefetch: number;
  /** https://www.rabbitmq.com/docs/consumer-priority */
  priority: number;
  /** Ends the consumer with the broker. */
  signal: AbortSignal;
}

export const defaultGraceMs = 20_000;

/** How long a handler whose signal has aborted may take to end its child processes and the like. */
const unwindMs = 2000;

/** Before a message that could be neither handled nor moved is given back. */
const requeueAfterMs = 1000;

/** The broker's reply code where a queue exists with other arguments (AMQP 0-9-1, 1.2). */
const preconditionFailed = 406;

const failuresOf = ({ properties }: ConsumeMessage): number => {
  const value: unknown = properties.headers?.[headers.attempt];
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0;
};

/** Subscribes and stays subscribed; resolves with the consumer once messages are delivered for the first time. */
export const startConsumer = async (options: ConsumerOptions): Promise<Consumer> => {
  const { connection, publisher, redis, log, metrics, queue, retryDelaysMs, prefetch, priority } = options;
  const handlers = new Map(options.handlers.map((handler) => [handler.contract.type, handler]));
  if (handlers.size !== options.handlers.length)
    throw new Error(`Two handlers of ${queue.name} take the same type: join them into one.`);

  /** Aborted when handlers have to let go. */
  const abandon = new AbortController();
  /** Aborted when the subscription has to end. */
  const stop = new AbortController();
  const stopped = AbortSignal.any([stop.signal, options.signal]);
  const parking = { queue: queue.name, publisher, log };
  const started = Promise.withResolvers<void>();
  let current: { channel: Channel; acks: Acknowledgements; consumerTag: string } | undefined;
  let draining = false;
  let active = 0;
  let whenIdle: (() => void) | undefined;

  const run: Step = async ({ envelope, handler, failures, signal }) => {
    await runHandler({ envelope, publisher, signal, attempt: failures + 1 }, (context) =>
      handler.run(envelope, context),
    );
    return 'handled';
  };
  const middleware = [
    singleFlight(),
    deduplicate({ redis, queue: queue.name, log, signal: abandon.signal }),
    deadLetter(parking),
    retry({ ...parking, ladder: retryDelaysMs }),
  ];
  const settle = middleware.reduceRight((next, wrap) => wrap(next), run);

  const refuse = async (message: ConsumeMessage, error: InvalidEvent): Promise<Outcome> => {
    await bury(parking, message, { reason: error.reason, error, failures: failuresOf(message) });
    return 'dead';
  };

  const process = (message: ConsumeMessage): { type: string; outcome: Promise<Outcome> } => {
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(message.content);
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      return { type: 'unknown', outcome: refuse(message, error) };
    }
    const { type } = envelope;
    const handler = handlers.get(type);
    if (!handler) {
      const error = new InvalidEvent('unknown_type', `${queue.name} has no handler for ${type}`);
      return { type, outcome: refuse(message, error) };
    }
    const failures = failuresOf(message);
    return { type, outcome: settle({ message, envelope, handler, failures, signal: abandon.signal }) };
  };

  const deliver = async (
    message: ConsumeMessage,
    channel: Channel,
    acks: Acknowledgements,
  ): Promise<void> => {
    const startedAt = performance.now();
    active += 1;
    if (message.fields.redelivered) metrics.redelivered?.(queue.name);
    try {
      const { type, outcome } = process(message);
      const ended = await outcome;
      acks.done(message);
      metrics.consumed?.(type, ended, performance.now() - startedAt);
    } catch (err) {
      // Unsettled, it goes back to the queue with the channel.
      if (abandon.signal.aborted) return;
      log.error(
        { err, queue: queue.name, eventId: message.properties.messageId },
        'message goes back to its queue',
      );
      await pause(requeueAfterMs, abandon.signal);
      acks.requeue(message);
      // A queue of ours has gone; the next session declares it again.
      if (err instanceof Unroutable) void closeChannel(channel);
    } finally {
      active -= 1;
      if (active === 0) whenIdle?.();
    }
  };

  const session = async (): Promise<void> => {
    const model = await connection.opened();
    const channel = await model.createChannel();
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
    channel.on('error', (err) => log.warn({ err, queue: queue.name }, 'consuming channel failed'));
    const end = () => void closeChannel(channel);
    stopped.addEventListener('abort', end);
    if (stopped.aborted) end();
    try {
      await declareQueue(channel, queue, retryDelaysMs);
      await channel.prefetch(prefetch);
      const acks = acknowledgeOn(channel);
      const take = (message: ConsumeMessage | null): void => {
        if (message === null) {
          log.warn({ queue: queue.name }, 'consumer was cancelled by the broker, consuming again');
          void closeChannel(channel);
          return;
        }
        acks.delivered(message);
        // While draining it stays unsettled and goes back with the channel.
        if (!draining) void deliver(message, channel, acks);
      };
      const { consumerTag } = await channel.consume(queue.name, take, { priority });
      current = { channel, acks, consumerTag };
      log.info({ queue: queue.name, prefetch }, 'consuming');
      started.resolve();
      await closed;
    } finally {
      current = undefined;
      stopped.removeEventListener('abort', end);
      await closeChannel(channel);
    }
  };

  const firstSession = async (): Promise<void> => {
    try {
      await session();
    } catch (error) {
      if (codeOf(error) !== preconditionFailed) throw error;
      const remedy = `A queue of ${queue.name} exists with other arguments: drain and delete it, or restore its settings.`;
      log.error({ err: error, queue: queue.name }, remedy);
      started.reject(new Error(remedy, { cause: error }));
      throw error;
    }
  };
  const finished = keepUp(firstSession, { name: `consumer of ${queue.name}`, log, signal: stopped });
  void finished.then(() => started.reject(new BrokerClosed()));

  const idleWithin = async (ms: number): Promise<boolean> => {
    if (active === 0) return true;
    const timer = new AbortController();
    const idle = new Promise<true>((resolve) => {
      whenIdle = () => resolve(true);
    });
    const ended = await Promise.race([idle, pause(ms, timer.signal).then(() => false)]);
    timer.abort();
    return ended;
  };

  const close = async ({ graceMs = defaultGraceMs }: { graceMs?: number } = {}): Promise<void> => {
    draining = true;
    if (current) await withinFarewell(current.channel.cancel(current.consumerTag));
    if (!(await idleWithin(graceMs))) {
      log.warn(
        { queue: queue.name, active, graceMs },
        'grace period is over, leaving messages to be redelivered',
      );
      abandon.abort(new BrokerClosed());
      await idleWithin(unwindMs);
    }
    abandon.abort(new BrokerClosed());
    current?.acks.flush();
    stop.abort();
    await withinFarewell(finished);
  };

  try {
    await started.promise;
  } catch (error) {
    await close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    queue: queue.name,
    get consuming() {
      return current !== undefined && !draining;
    },
    close: (how) => {
      closing ??= close(how);
      return closing;
    },
  };
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
