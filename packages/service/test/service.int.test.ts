import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logsExchange, redisKeys, telegramSent } from '@heavy/contracts';
import { type Broker, connectBroker } from '@heavy/messaging';
import { createVhost, isListening, type Vhost } from '@heavy/stack';
import { type ChannelModel, connect } from 'amqplib';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type Gate, openGate } from './gate.ts';
import { endAll, type Line, startProcess } from './service-process.ts';

const script = new URL('./fixture-service.ts', import.meta.url);
/** On a busy machine a process takes seconds to start. */
const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, 20_000);
const canary = 'canary-5e8c1f/ü';

describe('runService', () => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-service-'));
  const secretFile = join(dir, 'secret');
  const gates: Gate[] = [];
  let redis: Redis;
  let vhost: Vhost;
  let broker: Broker;
  let name: string;

  beforeAll(() => {
    writeFileSync(secretFile, `${canary}\n`);
    redis = new Redis(inject('redis').url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    await redis.quit();
    rmSync(dir, { recursive: true });
  });
  beforeEach(async () => {
    name = `fixture-${randomUUID().slice(0, 8)}`;
    vhost = await createVhost(inject('rabbitmq'));
    broker = await connectBroker({ url: vhost.url, service: 'test', log: pino({ level: 'silent' }), redis });
  });
  afterEach(async () => {
    await endAll();
    await Promise.all(gates.splice(0).map((gate) => gate.shut()));
    await broker.close();
    await redis.del(redisKeys.commandWords);
    await vhost.drop();
  });

  const start = (env: Record<string, string> = {}) =>
    startProcess(script, {
      RABBITMQ_URL: vhost.url,
      REDIS_URL: inject('redis').url,
      FIXTURE_NAME: name,
      FIXTURE_SECRET_FILE: secretFile,
      INSTANCE: 'a',
      ...env,
    });
  const gateTo = async (url: string): Promise<Gate> => {
    const gate = await openGate(url);
    gates.push(gate);
    return gate;
  };
  const giveWork = () =>
    broker.publish(telegramSent, {
      commandId: 'c1',
      commandType: 'commands.telegram.reply',
      account: 1,
      chatId: 2,
      messageIds: [3],
    });
  const release = () => redis.rpush(`release:${name}`, 'go');
  const heartbeat = () => redis.get(redisKeys.heartbeat(name, 'a'));

  it('is healthy, ready and measured while it runs, and gone without a trace after SIGTERM', async () => {
    const service = start();
    await service.says('ready');
    expect(await service.get('/ready')).toMatchObject({ status: 200 });
    const health = await service.get('/health');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toEqual({
      status: 'ok',
      service: name,
      instance: 'a',
      checks: { rabbitmq: { ok: true }, redis: { ok: true }, fixture: { ok: true, detail: 'fine' } },
    });

    await Promise.all([giveWork(), release()]);
    await service.says('handled');
    await eventually(async () => {
      const { text } = await service.get('/metrics');
      expect(text).toContain('process_resident_memory_bytes');
      expect(text).toMatch(
        /heavy_message_consume_seconds_count\{[^}]*type="events.telegram.sent",outcome="handled"\} 1\n/,
      );
      expect(text).toMatch(/heavy_log_lines_dropped_total\{target="exchange",[^}]*\} 0\n/);
    });

    expect(JSON.parse((await heartbeat()) ?? '')).toEqual({
      pid: service.pid,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      version: '0.1.0',
    });
    expect(await redis.ttl(redisKeys.heartbeat(name, 'a'))).toBeGreaterThan(5);

    const { port } = await service.says('http listening');
    service.signal('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(await heartbeat()).toBeNull();
    expect(await isListening(Number(port))).toBe(false);
    expect(service.stderr()).toBe('');
  });

  it('finishes the message in hand before it stops the rest in reverse order', async () => {
    const service = start();
    await service.says('ready');
    await giveWork();
    await service.says('handling');
    service.signal('SIGTERM');
    await service.says('stopping');
    const ready = await service.get('/ready');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toMatchObject({ ready: false, phase: 'draining' });
    expect(await heartbeat()).not.toBeNull();
    await release();
    expect(await service.exit).toBe(0);
    const told = service.lines.map((line) => line.msg);
    expect(told.slice(told.indexOf('stopping')).filter((msg) => !/broker|consum/.test(msg ?? ''))).toEqual([
      'stopping',
      'told that it stops',
      'handled',
      'onStop: last registered',
      'onStop: first registered',
      'stopped',
    ]);
    const again = start();
    await again.says('ready');
    expect(again.lines.some((line) => line.msg === 'handling')).toBe(false);
  });

  it('leaves the message to be delivered again where the grace period is over', async () => {
    const service = start({ SHUTDOWN_GRACE_MS: '1000' });
    await service.says('ready');
    await giveWork();
    await service.says('handling');
    service.signal('SIGTERM');
    expect(await service.exit).toBe(1);
    const again = start();
    await again.says('handling');
  });

  it('ends at once, with 1, on a second signal', async () => {
    const service = start({ FIXTURE_FAILS: 'stopping' });
    await service.says('ready');
    service.signal('SIGTERM');
    const { time } = await service.says('onStop: last registered');
    await eventually(() => expect(Date.now() - Number(time)).toBeGreaterThan(400));
    service.signal('SIGTERM');
    expect(await service.exit).toBe(1);
    expect(service.raw()).toContain('a second signal');
  });

  it('ends with 1 when stopping takes longer than the grace period', async () => {
    const service = start({ FIXTURE_FAILS: 'stopping', SHUTDOWN_GRACE_MS: '500' });
    await service.says('ready');
    service.signal('SIGINT');
    expect(await service.exit).toBe(1);
    expect(service.raw()).toContain('not stopped within the grace period');
  });

  it.each([
    ['wiring', 'could not start'],
    ['throwing', 'uncaught exception'],
    ['rejecting', 'unhandled rejection'],
  ])(
    'stops in order, with 1, on an error while %s, and tells its causes without secrets',
    async (fails, msg) => {
      const service = start({ FIXTURE_FAILS: fails });
      if (fails !== 'wiring') {
        await service.says('ready');
        service.signal('SIGUSR2');
      }
      const line = await service.says(msg);
      expect(line).toMatchObject({
        level: 'fatal',
        err: { message: 'fixture failed with [redacted]', cause: { message: 'at amqp://[redacted]@host' } },
      });
      expect(await service.exit).toBe(1);
      await service.says('stopped');
      expect(await heartbeat()).toBeNull();
      expect(service.raw() + service.stderr()).not.toContain('canary-5e8c1f');
      expect(service.raw()).toContain('begins with [redacted]');
    },
  );

  it('names every fault of its configuration and exits with 78', async () => {
    const service = start({ HTTP_PORT: 'x', RABBITMQ_URL: canary, FIXTURE_SECRET: canary });
    expect(await service.exit).toBe(78);
    const faults = service.stderr().trimEnd().split('\n').sort();
    expect(faults).toEqual([
      `${name}: FIXTURE_SECRET: is set, and so is FIXTURE_SECRET_FILE: give one of the two`,
      `${name}: HTTP_PORT: must be integer, and is "x"`,
      `${name}: RABBITMQ_URL: must match pattern "^amqps?://."`,
    ]);
    expect(service.raw()).toBe('');
  });

  it.each([
    ['configuration', []],
    ['wiring configuration', ['stopped']],
  ])('exits with 78 and the variable where the fault is found later: %s', async (fails, told) => {
    const service = start({ FIXTURE_FAILS: fails });
    expect(await service.exit).toBe(78);
    expect(service.stderr()).toBe(`${name}: FIXTURE_SECRET: does not fit the other\n`);
    expect(service.lines.filter(({ msg }) => msg === 'stopped').map(({ msg }) => msg)).toEqual(told);
    expect(service.lines.some(({ level }) => level === 'fatal')).toBe(false);
  });

  it('has pages of its own, which fail without their secrets', async () => {
    const service = start();
    await service.says('ready');
    expect(await service.get('/own/page?x=1')).toEqual({ status: 200, text: `{"name":"${name}"}` });
    expect(await service.get('/own/failing')).toEqual({
      status: 503,
      text: '{"error":"fixture failed with [redacted]"}',
    });
    expect((await service.get('/own')).status).toBe(404);
  });

  it('registers its command words, gives up those it has no more, and keeps them while it is down', async () => {
    await redis.hset(redisKeys.commandWords, { old: name, theirs: 'another' });
    const service = start({ FIXTURE_WORDS: 'vdl,adl' });
    await service.says('ready');
    service.signal('SIGTERM');
    await service.exit;
    expect(await redis.hgetall(redisKeys.commandWords)).toEqual({ vdl: name, adl: name, theirs: 'another' });
  });

  it('is not ready while Redis is away, and ready again after', async () => {
    const gate = await gateTo(inject('redis').url);
    const service = start({ REDIS_URL: gate.url });
    await service.says('ready');
    await gate.shut();
    await eventually(async () => expect((await service.get('/ready')).status).toBe(503));
    expect(JSON.parse((await service.get('/health')).text)).toMatchObject({
      status: 'unhealthy',
      checks: { redis: { ok: false }, rabbitmq: { ok: true } },
    });
    await gate.open();
    await eventually(async () => expect((await service.get('/ready')).status).toBe(200));
    service.signal('SIGTERM');
    expect(await service.exit).toBe(0);
    expect(service.lines.filter((line) => line.msg === 'redis connection lost, reconnecting')).toHaveLength(
      1,
    );
  });

  it('listens before RabbitMQ is there, and a signal ends the waiting', async () => {
    const gate = await gateTo(vhost.url);
    await gate.shut();
    const service = start({ RABBITMQ_URL: gate.url });
    expect((await service.get('/ready')).status).toBe(503);
    expect((await service.get('/health')).status).toBe(503);
    service.signal('SIGTERM');
    expect(await service.exit).toBe(0);
  });

  describe('its log lines', () => {
    let model: ChannelModel;
    let received: Line[];
    let keys: Set<string>;

    beforeEach(async () => {
      received = [];
      keys = new Set();
      model = await connect(vhost.url);
      const channel = await model.createChannel();
      await channel.assertExchange(logsExchange, 'topic', { durable: true });
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, logsExchange, 'logs.#');
      await channel.consume(
        queue,
        (message) => {
          if (!message) return;
          keys.add(message.fields.routingKey);
          received.push(JSON.parse(message.content.toString()));
        },
        { noAck: true },
      );
    });
    afterEach(() => model.close());

    it('arrive on the exchange as on stdout, with the correlation id of the command, to the last', async () => {
      const service = start();
      await service.says('ready');
      await Promise.all([
        broker.publish(
          telegramSent,
          { commandId: 'c', commandType: 'x', account: 1, chatId: 2, messageIds: [] },
          { correlationId: '0123456789abcdef' },
        ),
        release(),
      ]);
      expect(await service.says('handled')).toMatchObject({ correlationId: '0123456789abcdef' });
      service.signal('SIGTERM');
      await service.exit;
      await eventually(() => expect(received.at(-1)?.msg).toBe('stopped'));
      const upToStopped = service.lines.slice(
        0,
        service.lines.findIndex((line) => line.msg === 'stopped') + 1,
      );
      expect(received).toEqual(upToStopped);
      expect(keys).toContain(`logs.${name}.info`);
      expect(JSON.stringify(received)).not.toContain('canary-5e8c1f');
    });

    it('wait while RabbitMQ is away, and come later, in order', async () => {
      const gate = await gateTo(vhost.url);
      const service = start({ RABBITMQ_URL: gate.url, POKE_LINES: '20' });
      await service.says('ready');
      await gate.shut();
      await eventually(async () => expect((await service.get('/health')).status).toBe(503));
      service.signal('SIGUSR2');
      await service.line((line) => line['n'] === 20);
      expect(received.some((line) => line.msg === 'poked')).toBe(false);
      await gate.open();
      await eventually(() => expect(received.some((line) => line['n'] === 20)).toBe(true));
      const numbers = received.filter((line) => line.msg === 'poked').map((line) => line['n']);
      expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      await eventually(async () => expect((await service.get('/ready')).status).toBe(200));
    });

    it('are dropped beyond 10,000, the oldest first, which is counted and said', async () => {
      const gate = await gateTo(vhost.url);
      const service = start({ RABBITMQ_URL: gate.url, POKE_LINES: '10200' });
      await service.says('ready');
      await gate.shut();
      await eventually(async () => expect((await service.get('/health')).status).toBe(503));
      service.signal('SIGUSR2');
      await service.line((line) => line['n'] === 10_200);
      const { text } = await service.get('/metrics');
      expect(Number(/dropped_total\{target="exchange",[^}]*\} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(
        200,
      );
      await gate.open();
      const notice = await service.says('log lines were dropped while the broker was away');
      expect(Number(notice['dropped'])).toBeGreaterThanOrEqual(200);
      await eventually(() => expect(received.some((line) => line['n'] === 10_200)).toBe(true));
      expect(received.some((line) => line['n'] === 1)).toBe(false);
      expect(service.lines.filter((line) => line['dropped'] !== undefined)).toHaveLength(1);
    });
  });
});
