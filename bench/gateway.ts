import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange, redisKeys } from '@heavy/contracts';
import { type Stack, startStack } from '@heavy/stack';
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import { type Bench, percentile, row } from './row.ts';

const burst = 2000;
const perSecond = 200;
const steadySeconds = 10;

interface Arrival {
  /** Milliseconds from receiving the update to the event's arrival at a consumer. */
  latencyMs: number;
  at: number;
}

const receivedAt = (body: { receivedAt?: number; data: { receivedAt?: string } }): number =>
  body.receivedAt ?? Date.parse(body.data.receivedAt ?? '');

/** Says commands in a burst, then steadily, and measures how they come out at the broker. */
const measure = async (stack: Stack): Promise<{ updatesPerSecond: number; p50: number; p99: number }> => {
  const connection = await amqp.connect(stack.rabbitmq.url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, 'events.telegram.raw');
  const arrivals: Arrival[] = [];
  let wake = () => {};
  await channel.consume(
    queue,
    (message) => {
      if (!message) return;
      const at = Date.now();
      arrivals.push({ at, latencyMs: at - receivedAt(JSON.parse(message.content.toString())) });
      wake();
    },
    { noAck: true },
  );
  const arrived = async (count: number) => {
    while (arrivals.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  const alice = stack.world.user('alice').in(stack.chats[0] as (typeof stack.chats)[number]);

  const startedAt = performance.now();
  for (let i = 0; i < burst; i += 1) alice.says(`.bench ${i}`);
  await arrived(burst);
  const updatesPerSecond = burst / ((performance.now() - startedAt) / 1000);

  arrivals.length = 0;
  const steady = perSecond * steadySeconds;
  const begun = performance.now();
  for (let i = 0; i < steady; i += 1) {
    alice.says(`.bench ${i}`);
    const ahead = (i / perSecond) * 1000 - (performance.now() - begun);
    if (ahead > 1) await delay(ahead);
  }
  await arrived(steady);
  await connection.close();
  const latencies = arrivals.map(({ latencyMs }) => latencyMs);
  return { updatesPerSecond, p50: percentile(latencies, 50), p99: percentile(latencies, 99) };
};

const withStack = async <T>(services: string[], run: (stack: Stack) => Promise<T>): Promise<T> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
  const stack = await startStack({
    dir,
    services,
    serviceEnv: { gateway: { OPEN_TO: 'everyone', LOG_LEVEL: 'warn' } },
  });
  try {
    return await run(stack);
  } finally {
    await stack.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

export const gateway: Bench = {
  name: 'gateway',
  run: async (say) => {
    say(`a burst of ${burst} commands, then ${perSecond}/s for ${steadySeconds} s`);
    const us = await withStack(['gateway'], async (stack) => {
      const redis = new Redis(stack.redis.url);
      await redis.hset(redisKeys.commandWords, 'bench', 'bench');
      redis.disconnect();
      return measure(stack);
    });
    say('the same with a bare client');
    const them = await withStack([], async (stack) => {
      const settings = {
        ...stack.telegram.endpoint,
        session: stack.world.mintSession(stack.account),
        rabbitmqUrl: stack.rabbitmq.url,
      };
      const script = new URL('./bare-gateway.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      try {
        return await measure(stack);
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });
    return [
      row('gateway: updates published', us.updatesPerSecond, 'updates/s', them.updatesPerSecond),
      row(`gateway: received → published at ${perSecond}/s, p50`, us.p50, 'ms', them.p50),
      row(`gateway: received → published at ${perSecond}/s, p99`, us.p99, 'ms', them.p99),
    ];
  },
};
