import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { telegramReply } from '@heavy/contracts';
import { type RabbitMq, startRabbitMq, startRedis } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { handle } from '../src/index.ts';
import { collector, createWorld, reply } from './fixture.ts';

const dir = mkdtempSync(join(tmpdir(), 'heavy-outages-'));
let rabbit: RabbitMq;

beforeAll(async () => {
  rabbit = await startRabbitMq({ dir: join(dir, 'rabbitmq') });
});

afterAll(async () => {
  await rabbit?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const nodeName = async (): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${rabbit.ports.management}/api/overview`, {
    headers: { authorization: `Basic ${btoa('guest:guest')}` },
  });
  return ((await response.json()) as { node: string }).node;
};

/** `rabbitmqctl` of the server that this file started. */
const control = async (...args: string[]): Promise<void> => {
  const command = ['/usr/lib/rabbitmq/bin', process.env['PATH']].join(':');
  await promisify(execFile)('rabbitmqctl', args, {
    env: {
      PATH: command,
      LANG: 'C.UTF-8',
      HOME: join(dir, 'rabbitmq', 'home'),
      RABBITMQ_NODENAME: await nodeName(),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_MNESIA_BASE: join(dir, 'rabbitmq', 'mnesia'),
      RABBITMQ_LOG_BASE: join(dir, 'rabbitmq', 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'rabbitmq', 'enabled_plugins'),
      ERL_EPMD_PORT: String(rabbit.ports.epmd),
    },
  });
};

describe('a RabbitMQ that goes and comes back', () => {
  const queue = { name: 'outage', bindings: [telegramReply.type] };

  it('gets what was published meanwhile, and is consumed from again', async () => {
    const world = await createWorld(rabbit.url);
    const broker = await world.broker();
    const seen = collector<string>();
    const consumer = await broker.consume(queue, [handle(telegramReply, async ({ id }) => seen.add(id))]);
    const before = await broker.publish(telegramReply, reply('before'));
    await seen.until(1);

    await rabbit.stop();
    await vi.waitFor(() => expect(broker.connected).toBe(false));
    expect(consumer.consuming).toBe(false);
    let confirmed = false;
    const during = broker.publish(telegramReply, reply('during')).then((id) => {
      confirmed = true;
      return id;
    });
    expect(confirmed).toBe(false);
    await rabbit.start();

    const id = await during;
    await seen.until(2, 30_000);
    expect(seen.values).toEqual([before, id]);
    expect(broker.connected).toBe(true);
    expect(consumer.consuming).toBe(true);
  });

  it('is sent nothing while it blocks, and all of it afterwards', async () => {
    const world = await createWorld(rabbit.url);
    const broker = await world.broker({ confirmTimeoutMs: 400 });
    const seen = collector<string>();
    await broker.consume({ ...queue, name: 'blocked' }, [
      handle(telegramReply, async ({ id }) => seen.add(id)),
    ]);
    await control('set_vm_memory_high_watermark', 'absolute', '1MB');
    onTestFinished(() => control('set_vm_memory_high_watermark', 'absolute', '1GB'));
    // The broker tells a connection that it is blocked when that publishes next.
    const ids = [broker.publish(telegramReply, reply('first'))];
    await vi.waitFor(() =>
      expect(world.lines).toContainEqual(
        expect.objectContaining({ details: expect.objectContaining({ blocked: true }) }),
      ),
    );
    ids.push(broker.publish(telegramReply, reply('second')));
    expect(broker.publishLog('logs.test.info', Buffer.from('{}'))).toBe(false);
    await control('set_vm_memory_high_watermark', 'absolute', '1GB');
    const published = await Promise.all(ids);
    await seen.until(2);
    expect(seen.values.toSorted()).toEqual(published.toSorted());
  });
});

describe('a Redis that goes and comes back', () => {
  it('holds deliveries up, and neither skips the check nor loses one', async () => {
    const server = await startRedis({ dir: join(dir, 'redis') });
    // A few attempts only: commands then fail rather than wait, and have to be repeated.
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    onTestFinished(async () => {
      redis.disconnect();
      await server.stop();
    });
    const world = await createWorld();
    const broker = await world.broker({ redis });
    const seen = collector<string>();
    await broker.consume({ name: 'held', bindings: [telegramReply.type] }, [
      handle(telegramReply, async ({ id }) => seen.add(id)),
    ]);
    const first = await broker.publish(telegramReply, reply('first'), { id: 'first' });
    await seen.until(1);
    await vi.waitFor(async () => expect(await redis.exists('handled:held:first')).toBe(1));

    await server.stop();
    const second = await broker.publish(telegramReply, reply('second'), { id: 'second' });
    await broker.publish(telegramReply, reply('first again'), { id: first });
    await vi.waitFor(() => expect(world.lines.some(({ message }) => message.includes('Redis'))).toBe(true));
    expect(seen.values).toEqual([first]);
    await server.start();
    await seen.until(2);
    await vi.waitFor(async () => expect(await redis.exists('handled:held:second')).toBe(1));
    expect(seen.values).toEqual([first, second]);
  });
});
