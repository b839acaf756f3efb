import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envelope, exchange, type QueueDefinition, telegramReply } from '@heavy/contracts';
import { type BrokerOptions, connectBroker, handle } from '@heavy/messaging';
import { createVhost, type RabbitMq, startRabbitMq, startRedis } from '@heavy/stack';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { type Bench, row } from './row.ts';

const count = 20_000;
const window = 500;
const prefetch = 200;
const rounds = 2;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const data = {
  origin: { account: 1, chatId: 2, messageId: 3, userId: 4 },
  text: 'x'.repeat(440),
};

const perSecond = (startedAt: number): number => count / ((performance.now() - startedAt) / 1000);

interface Rates {
  publish: number;
  consume: number;
}

/** Declares a queue as our consumers have it, and leaves it empty and without a consumer. */
const declare = async (options: BrokerOptions, queue: QueueDefinition): Promise<void> => {
  const consumer = await connectBroker(options);
  await consumer.consume(queue, [handle(telegramReply, async () => {})]);
  await consumer.close();
};

/** Ours: validated envelopes, derived ids, deduplication in Redis, correlation context. */
const ours = async (options: BrokerOptions, queue: QueueDefinition): Promise<Rates> => {
  await declare(options, queue);
  const publisher = await connectBroker(options);
  const published = performance.now();
  await Promise.all(Array.from({ length: count }, () => publisher.publish(telegramReply, data)));
  const publish = perSecond(published);

  const consumer = await connectBroker(options);
  let seen = 0;
  let consumed = 0;
  await new Promise<void>((resolve) => {
    const run = async () => {
      // From the first message on: declaring the queues is no part of it.
      if (seen === 0) consumed = performance.now();
      seen += 1;
      if (seen === count) resolve();
    };
    void consumer.consume(queue, [handle(telegramReply, run)], { prefetch });
  });
  const consume = perSecond(consumed);
  await Promise.all([publisher.close(), consumer.close()]);
  return { publish, consume };
};

/** The bare thing: amqplib alone, with the same queue, message, window and prefetch. */
const bare = async (options: BrokerOptions, queue: QueueDefinition): Promise<Rates> => {
  await declare(options, queue);
  const connection = await amqp.connect(options.url);
  const channel = await connection.createConfirmChannel();
  const event = envelope(telegramReply, data, { source: 'bench', correlationId: '0a1b2c3d' });
  const body = Buffer.from(JSON.stringify(event));
  const properties = { persistent: true, mandatory: true, type: event.type, messageId: event.id };

  const published = performance.now();
  let inFlight = 0;
  let wake = () => {};
  for (let sent = 0; sent < count; sent += 1) {
    while (inFlight >= window)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    inFlight += 1;
    channel.publish(exchange, event.type, body, properties, () => {
      inFlight -= 1;
      wake();
    });
  }
  await channel.waitForConfirms();
  const publish = perSecond(published);

  await channel.prefetch(prefetch);
  let seen = 0;
  let consumed = 0;
  await new Promise<void>((resolve) => {
    void channel.consume(queue.name, (message) => {
      if (seen === 0) consumed = performance.now();
      if (message) channel.ack(message);
      seen += 1;
      if (seen === count) resolve();
    });
  });
  const consume = perSecond(consumed);
  await connection.close();
  return { publish, consume };
};

/** Each in a vhost of its own; the first round warms all sides up and does not count. */
const measure = async (
  run: (options: BrokerOptions, queue: QueueDefinition) => Promise<Rates>,
  rabbitmq: RabbitMq,
  redis: Redis,
): Promise<Rates> => {
  const vhost = await createVhost(rabbitmq);
  const options = { url: vhost.url, redis, log: silent, maxUnconfirmed: window, service: 'bench' };
  const rates = await run(options, { name: 'bench', bindings: [telegramReply.type] });
  await vhost.drop();
  return rates;
};

const best = (rates: Rates[], of: keyof Rates): number => Math.max(...rates.map((rate) => rate[of]));

export const messaging: Bench = {
  name: 'messaging',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    const [rabbitmq, redisServer] = await Promise.all([
      startRabbitMq({ dir: join(dir, 'rabbitmq') }),
      startRedis({ dir: join(dir, 'redis') }),
    ]);
    const redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
    try {
      say(
        `${count} messages of 1 KB, window ${window}, prefetch ${prefetch}; best of ${rounds} rounds after one to warm up`,
      );
      const us: Rates[] = [];
      const them: Rates[] = [];
      for (let round = 0; round <= rounds; round += 1) {
        const [one, other] = [await measure(ours, rabbitmq, redis), await measure(bare, rabbitmq, redis)];
        if (round === 0) continue;
        us.push(one);
        them.push(other);
      }
      return [
        row('messaging: publish, confirmed', best(us, 'publish'), 'messages/s', best(them, 'publish'), {
          atLeast: 0.7,
        }),
        row('messaging: consume, acknowledged', best(us, 'consume'), 'messages/s', best(them, 'consume'), {
          atLeast: 0.7,
        }),
      ];
    } finally {
      redis.disconnect();
      await Promise.all([rabbitmq.stop(), redisServer.stop()]);
      await rm(dir, { recursive: true, force: true });
    }
  },
};
