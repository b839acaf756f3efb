import {
  deterministicId,
  headers,
  InvalidEvent,
  parseEnvelope,
  telegramEdit,
  telegramReply,
  telegramSent,
} from '@heavy/contracts';
import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, it, vi } from 'vitest';
import { connectBroker, handle, runInContext, Unroutable } from '../src/index.ts';
import { collector, createRelay, createWorld, dead, edit, killConnections, queue, reply } from './fixture.ts';

describe('Broker.publish', () => {
  it('sends a persistent CloudEvent with the AMQP properties that describe it', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const consumer = await broker.consume(queue, []);
    await consumer.close();
    const id = await broker.publish(telegramReply, reply('hello'));

    const { content, properties } = await world.take(queue.name);
    const event = parseEnvelope(content);
    expect(event).toMatchObject({ id, source: '/test', type: telegramReply.type, data: reply('hello') });
    expect(properties).toMatchObject({
      messageId: id,
      type: telegramReply.type,
      correlationId: event.correlationid,
      appId: 'test',
      deliveryMode: 2,
      contentType: 'application/cloudevents+json',
    });
    expect(Math.abs(properties.timestamp * 1000 - Date.parse(event.time))).toBeLessThan(2000);
    expect(properties.headers).not.toHaveProperty(headers.attempt);
  });

  it('sends what the official CloudEvents SDK reads', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await (await broker.consume(queue, [])).close();
    const id = await broker.publish(telegramReply, reply('hello'), { correlationId: 'c0ffee00' });
    const { content, properties } = await world.take(queue.name);
    const read = HTTP.toEvent({
      headers: { 'content-type': properties.contentType },
      body: content.toString(),
    }) as CloudEvent;
    expect(new CloudEvent(read, true).validate()).toBe(true);
    expect(read).toMatchObject({ id, type: telegramReply.type, correlationid: 'c0ffee00' });
    expect(read.data).toEqual(reply('hello'));
  });

  it('takes correlation, causation and trace from the context it is called in', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await (await broker.consume(queue, [])).close();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await runInContext({ correlationId: 'c0ffee-01', causationId: 'cause', traceparent }, () =>
      broker.publish(telegramReply, reply('hello'), { id: 'known' }),
    );
    const event = parseEnvelope((await world.take(queue.name)).content);
    expect(event).toMatchObject({ id: 'known', correlationid: 'c0ffee-01', causationid: 'cause' });
    expect(event.traceparent).toMatch(new RegExp(`^00-${'a'.repeat(32)}-(?!b{16})`));
  });

  it('rejects what fits no contract and sends nothing', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await (await broker.consume(queue, [])).close();
    await expect(broker.publish(telegramReply, { origin: 1 } as never)).rejects.toThrow(InvalidEvent);
    await broker.publish(telegramReply, reply('after'));
    expect(parseEnvelope((await world.take(queue.name)).content).data).toEqual(reply('after'));
  });

  it('rejects with Unroutable where no queue is bound, and only that publish', async () => {
    const world = await createWorld();
    const returned: string[] = [];
    const broker = await world.broker({ metrics: { returned: (type) => void returned.push(type) } });
    await broker.consume({ name: 'replies', bindings: [telegramReply.type] }, []);
    const [lost, kept] = await Promise.allSettled([
      broker.publish(telegramEdit, edit('nobody')),
      broker.publish(telegramReply, reply('somebody')),
    ]);
    expect(kept.status).toBe('fulfilled');
    expect(lost).toMatchObject({ status: 'rejected', reason: { type: telegramEdit.type } });
    expect((lost as PromiseRejectedResult).reason).toBeInstanceOf(Unroutable);
    expect(returned).toEqual([telegramEdit.type]);
  });

  it('takes facts that nobody has to listen to without a queue', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const data = { commandId: 'c', commandType: telegramReply.type, account: 1, chatId: 2, messageIds: [3] };
    await expect(broker.publish(telegramSent, data)).resolves.toEqual(expect.any(String));
  });

  it('loses none of 2,000 messages while connections are cut', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const broker = await world.broker({ url: relay.url, maxUnconfirmed: 100 });
    const seen = new Set<string>();
    const counter = await world.broker();
    await counter.consume(queue, [handle(telegramReply, async ({ id }) => void seen.add(id))]);

    let confirmed = 0;
    const states: boolean[] = [];
    broker.onState((connected) => void states.push(connected));
    const publishing = Array.from({ length: 2000 }, (_, index) =>
      broker.publish(telegramReply, reply(`n ${index}`)).then((id) => {
        confirmed += 1;
        return id;
      }),
    );
    for (const at of [150, 700, 1400]) {
      await vi.waitFor(() => expect(confirmed).toBeGreaterThan(at), { timeout: 20_000, interval: 1 });
      relay.cut();
    }
    const ids = await Promise.all(publishing);
    expect(states.filter((connected) => !connected).length).toBeGreaterThanOrEqual(1);
    await vi.waitFor(() => expect(ids.filter((id) => !seen.has(id))).toEqual([]), { timeout: 20_000 });
    expect(new Set(ids).size).toBe(2000);
  });

  it('waits while the broker is away, with no more than the window in memory of the channel', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const broker = await world.broker({ url: relay.url, maxUnconfirmed: 2 });
    await broker.consume({ name: 'replies', bindings: [telegramReply.type] }, []);
    relay.setRefusing(true);
    await vi.waitFor(() => expect(broker.connected).toBe(false));
    const settled: string[] = [];
    const all = Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        broker.publish(telegramReply, reply(id), { id }).then((done) => void settled.push(done)),
      ),
    );
    expect(settled).toEqual([]);
    relay.setRefusing(false);
    await all;
    expect(settled).toEqual(['a', 'b', 'c', 'd']);
  });

  it('comes back after an operator has closed its connection', async () => {
    const world = await createWorld();
    const broker = await world.broker({ service: 'victim' });
    const seen = collector<string>();
    await broker.consume(queue, [handle(telegramReply, async ({ id }) => seen.add(id))]);
    const lost = new Promise<void>((resolve) => {
      const off = broker.onState((connected) => {
        if (connected) return;
        off();
        resolve();
      });
    });
    await killConnections(world.vhost, 'victim publish');
    await lost;
    const id = await broker.publish(telegramReply, reply('after'));
    await seen.until(1);
    expect(seen.values).toEqual([id]);
    expect(broker.connected).toBe(true);
  });

  it('refuses once the broker is closed', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await broker.close();
    await expect(broker.publish(telegramReply, reply('late'))).rejects.toThrow('closed');
    expect(broker.connected).toBe(false);
  });

  it('flushes what is under way when the broker closes', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await (await broker.consume(queue, [])).close();
    const ids = Array.from({ length: 700 }, (_, n) => deterministicId('flush', n));
    const all = Promise.all(ids.map((id) => broker.publish(telegramReply, reply(id), { id })));
    await broker.close();
    await expect(all).resolves.toEqual(ids);
  });
});

describe('Broker.publishLog', () => {
  it('sends transient records and says no while the broker is away', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const broker = await world.broker({ url: relay.url });
    const channel = await (await world.bare()).createChannel();
    await channel.assertQueue('lines');
    await channel.bindQueue('lines', 'heavy.logs', 'logs.#');
    expect(broker.publishLog('logs.test.info', Buffer.from('{"msg":"hello"}'))).toBe(true);
    const { content, properties } = await world.take('lines');
    expect(content.toString()).toBe('{"msg":"hello"}');
    expect(properties.deliveryMode).not.toBe(2);

    relay.setRefusing(true);
    await vi.waitFor(() => expect(broker.connected).toBe(false));
    expect(broker.publishLog('logs.test.info', Buffer.from('{}'))).toBe(false);
  });

  it('says no rather than filling memory while the socket does not take more', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const record = Buffer.alloc(10_000, 'x');
    const taken = Array.from({ length: 20_000 }, () => broker.publishLog('logs.test.info', record));
    expect(taken[0]).toBe(true);
    expect(taken.at(-1)).toBe(false);
    expect(taken.filter(Boolean).length).toBeLessThan(5000);
    await vi.waitFor(() => expect(broker.publishLog('logs.test.info', record)).toBe(true));
  });
});

describe('connectBroker', () => {
  it('waits for a broker that is not there yet', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    relay.setRefusing(true);
    let connected = false;
    const connecting = world.broker({ url: relay.url }).then((broker) => {
      connected = true;
      return broker;
    });
    await vi.waitFor(() => expect(world.lines.some(({ level }) => level === 'warn')).toBe(true));
    expect(connected).toBe(false);
    relay.setRefusing(false);
    expect((await connecting).connected).toBe(true);
  });

  it('gives up only when the signal aborts', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    relay.setRefusing(true);
    const abort = new AbortController();
    const connecting = connectBroker({
      url: relay.url,
      service: 'test',
      log: { debug: () => {}, info: () => {}, warn: () => abort.abort(), error: () => {} },
      redis: world.redis,
      signal: abort.signal,
    });
    await expect(connecting).rejects.toThrow('Gave up');
  });
});

describe('the dead-letter queue', () => {
  it('is declared beside the queue', async () => {
    const world = await createWorld();
    await (await world.broker()).consume(queue, []);
    const channel = await (await world.bare()).createChannel();
    await expect(channel.checkQueue(dead)).resolves.toMatchObject({ messageCount: 0 });
  });
});
