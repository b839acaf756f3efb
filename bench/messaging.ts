import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchange, telegramReply } from '@heavy/contracts';
import { connectBroker, handle } from '@heavy/messaging';
import { createVhost, startRabbitMq, startRedis } from '@heavy/stack';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { type Bench, row } from './row.ts';

const count = 20_000;
const window = 500;
const prefetch = 200;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const queue = { name: 'bench', bindings: [telegramReply.type] };
const data = {
  origin: { account: 1, chatId: 2, messageId: 3, userId: 4 },
  text: 'x'.repeat(450),
};

const perSecond = (startedAt: number): number => count / ((performance.now() - startedAt) / 1000);

/** The bare thing: amqplib alone, the same queue type, body size, window and prefetch. */
const bare = async (url: string, bodyBytes: number): Promise<{ publish: number; consume: number }> => {
  const connection = await amqp.connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue('bare', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue('bare', exchange, 'bare');
  const body = Buffer.alloc(bodyBytes, 'x');

  const published = performance.now();
  let inFlight = 0;
  let wake: (() => void) | undefined;
  for (let sent = 0; sent < count; sent += 1) {
    while (inFlight >= window) await new Promise<void>((resolve) => (wake = resolve));
    inFlight += 1;
    channel.publish(exchange, 'bare', body, { persistent: true, mandatory: true }, () => {
      inFlight -= 1;
      wake?.();
    });
  }
  await channel.waitForConfirms();
  const publish = perSecond(published);

  const consumed = performance.now();
  await channel.prefetch(prefetch);
  let seen = 0;
  await new Promise<void>((resolve) => {
    void channel.consume('bare', (message) => {
      if (message) channel.ack(message);
      seen += 1;
      if (seen === count) resolve();
    });
  });
  const consume = perSecond(consumed);
  await connection.close();
  return { publish, consume };
};

/** Ours: validated envelopes, derived ids, deduplication, correlation context. */
const ours = async (
  url: string,
  redisUrl: string,
): Promise<{ publish: number; consume: number; bodyBytes: number }> => {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const options = { url, redis, log: silent, maxUnconfirmed: window };
  const consumer = await connectBroker({ ...options, service: 'consumer' });
  // Declared first, emptied later: publishing is measured without a consumer, as with the bare thing.
  await consumer.consume(queue, [handle(telegramReply, async () => {})]);
  await consumer.close();

  const publisher = await connectBroker({ ...options, service: 'publisher' });
  const published = performance.now();
  let bodyBytes = 0;
  await Promise.all(Array.from({ length: count }, () => publisher.publish(telegramReply, data)));
  const publish = perSecond(published);

  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const sample = await channel.get(queue.name);
  if (sample) {
    bodyBytes = sample.content.length;
    channel.nack(sample, false, true);
  }
  await connection.close();

  const second = await connectBroker({ ...options, service: 'consumer' });
  let seen = 0;
  const consumed = performance.now();
  await new Promise<void>((resolve) => {
    const run = async () => {
      seen += 1;
      if (seen === count) resolve();
    };
    void second.consume(queue, [handle(telegramReply, run)], { prefetch });
  });
  const consume = perSecond(consumed);
  await Promise.all([publisher.close(), second.close()]);
  redis.disconnect();
  await once(redis, 'end').catch(() => undefined);
  return { publish, consume, bodyBytes };
};

export const messaging: Bench = {
  name: 'messaging',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const [rabbitmq, redis] = await Promise.all([
      startRabbitMq({ dir: join(dir, 'rabbitmq') }),
      startRedis({ dir: join(dir, 'redis') }),
    ]);
    try {
      const vhost = await createVhost(rabbitmq);
      say(`${count} messages, window ${window}, prefetch ${prefetch}`);
      const us = await ours(vhost.url, redis.url);
      const them = await bare(vhost.url, us.bodyBytes);
      return [
        row('messaging: publish, confirmed', us.publish, 'messages/s', them.publish, { atLeast: 0.7 }),
        row('messaging: consume, acknowledged', us.consume, 'messages/s', them.consume, { atLeast: 0.7 }),
      ];
    } finally {
      await Promise.all([rabbitmq.stop(), redis.stop()]);
      await rm(dir, { recursive: true, force: true });
    }
  },
};
