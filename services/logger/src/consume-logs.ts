import { setTimeout as sleep } from 'node:timers/promises';
import { logsExchange, logsQueue } from '@heavy/contracts';
import type { MessagingLogger } from '@heavy/messaging';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';
import { createBatch } from './batch.ts';
import type { LogStore } from './log-store.ts';
import { parseLine } from './parse-line.ts';

export interface LogConsumer {
  /** Whether lines are being delivered, and the last of them could be stored. */
  readonly state: { consuming: boolean; storing: boolean };
  /** Resolves when lines are delivered for the first time, or when it is closed before. */
  readonly started: Promise<void>;
  /** Takes no more lines, stores and acknowledges those in hand. */
  close(): Promise<void>;
}

export interface LogConsumerOptions {
  url: string;
  store: LogStore;
  log: MessagingLogger;
}

/** Beyond this the oldest lines go: a logger that is away for long must not fill the broker. */
const maxQueueLength = 200_000;
const maxBatchLines = 500;
const maxBatchDelayMs = 100;
/** Two batches: one is being delivered while the other is stored. */
const prefetch = 2 * maxBatchLines;
const storeRetryMs = 1000;
const maxReconnectMs = 5000;

const declareLogsQueue = async (channel: Channel): Promise<void> => {
  await channel.assertExchange(logsExchange, 'topic', { durable: true });
  await channel.assertQueue(logsQueue.name, {
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-max-length': maxQueueLength, 'x-overflow': 'drop-head' },
  });
  await channel.bindQueue(logsQueue.name, logsExchange, logsQueue.binding);
};

/** One acknowledgement for a message and all before it. */
const acknowledge = (channel: Channel, last: ConsumeMessage | undefined): void => {
  try {
    if (last) channel.ack(last, true);
  } catch {
    // The channel is closing: the lines come again, and are stored a second time.
  }
};

/**
 * Stores what arrives on the logger's queue, for as long as it takes: connects again with backoff. A line is acknowledged once
 * it is committed, so that none is lost when the logger ends; one may be stored twice where it ends in between.
 *
 * Log lines are no CloudEvents, and so do not go through the broker of @heavy/messaging.
 */
export const consumeLogs = ({ url, store, log }: LogConsumerOptions): LogConsumer => {
  const stop = new AbortController();
  const state = { consuming: false, storing: true };
  const started = Promise.withResolvers<void>();

  const storeFailed = (err: unknown): void => {
    if (state.storing) log.error({ err }, 'log lines cannot be stored, trying again');
    state.storing = false;
  };

  const session = async (): Promise<void> => {
    const model = await connect(url, {
      clientProperties: { connection_name: 'logger logs' },
      timeout: 10_000,
    });
    const closed = new Promise<void>((resolve) => model.once('close', () => resolve()));
    model.on('error', (err) => log.warn({ err }, 'connection for log lines failed'));
    const hangUp = (): void => {
      // It may be closing already; either way the close event follows.
      model.close().catch(() => undefined);
    };
    try {
      const channel = await model.createChannel();
      channel.on('error', (err) => log.warn({ err }, 'channel for log lines failed'));
      channel.once('close', hangUp);
      await declareLogsQueue(channel);
      await channel.prefetch(prefetch);

      const batch = createBatch<ConsumeMessage>({
        maxItems: maxBatchLines,
        maxDelayMs: maxBatchDelayMs,
        retryMs: storeRetryMs,
        onBatch: (messages) => {
          store.append(messages.map(({ content, fields }) => parseLine(content, fields.routingKey)));
          state.storing = true;
          acknowledge(channel, messages.at(-1));
        },
        onFault: storeFailed,
      });
      // What is not acknowledged comes again on the next channel.
      channel.once('close', batch.discard);

      const { consumerTag } = await channel.consume(logsQueue.name, (message) => {
        if (message) batch.add(message);
        else hangUp();
      });
      state.consuming = true;
      started.resolve();
      const end = async (): Promise<void> => {
        await channel.cancel(consumerTag);
        batch.flush();
        await channel.close();
      };
      const onStop = (): void => void end().catch(hangUp);
      stop.signal.addEventListener('abort', onStop, { once: true });
      if (stop.signal.aborted) onStop();
      await closed;
      stop.signal.removeEventListener('abort', onStop);
    } finally {
      state.consuming = false;
      hangUp();
    }
  };

  const run = async (): Promise<void> => {
    for (let delayMs = 100; !stop.signal.aborted; delayMs = Math.min(delayMs * 2, maxReconnectMs)) {
      const startedAt = Date.now();
      try {
        await session();
      } catch (err) {
        log.warn({ err }, 'cannot consume log lines, trying again');
      }
      if (Date.now() - startedAt > maxReconnectMs) delayMs = 100;
      const jittered = delayMs * (0.5 + Math.random() / 2);
      await sleep(jittered, undefined, { signal: stop.signal }).catch(() => undefined); // Aborted: we are done.
    }
  };

  const ended = run();
  return {
    state,
    started: started.promise,
    async close() {
      stop.abort();
      started.resolve();
      await ended;
    },
  };
};
