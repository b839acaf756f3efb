import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { redisKeys } from '@heavy/contracts';
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { measureBroadcasts } from '../src/bots/broadcasts/broadcast-metrics.ts';
import type { BotOutcome } from '../src/bots/outcome.ts';
import {
  addBot,
  createServer,
  emptyRedis,
  type RunningApi,
  startApi,
  streams,
  type TestServer,
} from './bots-http-fixture.ts';

const servingProcess = fileURLToPath(new URL('./fixtures/serving-process.ts', import.meta.url));
const ahead = 10;

let redis: Redis;
let api: RunningApi;
let botId: number;
let path: string;
let server: TestServer;

beforeAll(async () => {
  redis = await emptyRedis(inject('redis').url, 13);
  api = await startApi(redis, { ahead });
});
beforeEach(async () => {
  botId = await addBot(redis);
  path = `/v1/bots/${botId}/broadcasts`;
  server = await createServer(redis, botId, 'broadcast');
});
// What a test leaves running would be fed along with the next.
afterEach(() => api.broadcasts.cancelAll(botId));
afterAll(async () => {
  await api?.close();
  redis?.disconnect();
});

const chats = (count: number, from = 1): number[] =>
  Array.from({ length: count }, (_, index) => from + index);
const create = async (recipients: (number | string)[], more: object = {}): Promise<string> => {
  const { status, body } = await api.ask('POST', path, { text: 'news', recipients, ...more });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body.id;
};
const get = async (id: string) => (await api.ask('GET', `${path}/${id}`)).body;
const act = (id: string, action: string) => api.ask('POST', `${path}/${id}/${action}`);
/** Serves what comes until the broadcast has ended, in the way that is said for each chat; gives the chats in their order. */
const serveUntilEnd = async (
  id: string,
  how: (chat: number | string) => Parameters<TestServer['settle']>[2] = () => ({}),
): Promise<(number | string)[]> => {
  const served: (number | string)[] = [];
  while ((await get(id)).ended_at === null)
    for (const entry of await server.take(5)) {
      served.push(entry.data.chat_id);
      await server.settle(api.broadcasts, entry, how(entry.data.chat_id));
    }
  return served;
};

describe('a broadcast', () => {
  it('reaches each recipient once, in order, with an outcome for each', async () => {
    const reply_markup = { inline_keyboard: [[{ text: 'yes "\\ 日本', callback_data: 'y' }]] };
    const recipients = [9007199254740991, -1001234567890, '@channel', ...chats(40)];
    const repeated = ['@Channel', '9007199254740991', 1, 1];
    const id = await create([...recipients, ...repeated], {
      text: '<b>news</b> "\\ 日本',
      reply_markup,
      external_id: 5,
    });
    const [first] = await server.take(1);
    expect(first?.fields).toMatchObject({ type: 'send_msg', broadcast: `${id}:0` });
    expect(first?.data).toEqual({
      ...{
        bot_id: botId,
        text: '<b>news</b> "\\ 日本',
        reply_markup,
        external_id: 5,
        chat_id: 9007199254740991,
      },
    });
    expect(await get(id)).toMatchObject({
      ...{ id, bot_id: botId, state: 'running', text: '<b>news</b> "\\ 日本', reply_markup, external_id: 5 },
      ...{ total: 43, sent: 0, left: 43, ended_at: null, eta_seconds: null },
    });
    await server.settle(api.broadcasts, first!);
    const served = await serveUntilEnd(id, (chat) => {
      if (chat === '@channel') return { ending: 'failed', details: '400 Bad Request: chat not found' };
      return chat === 7 ? { ending: 'ambiguous', details: 'The message may have been sent.' } : {};
    });
    expect(served).toEqual(recipients.slice(1));

    const view = await get(id);
    expect(view).toMatchObject({
      state: 'completed',
      total: 43,
      sent: 41,
      failed: 1,
      ambiguous: 1,
      cancelled: 0,
      left: 0,
    });
    const { body: all } = await api.ask('GET', `${path}/${id}/outcomes?limit=1000`);
    expect(all.outcomes.map((one: { chat_id: number }) => one.chat_id)).toEqual(recipients);
    expect(all.outcomes.slice(1, 4)).toEqual([
      {
        place: 1,
        chat_id: -1001234567890,
        status: 'sent',
        message_id: expect.any(Number),
        at: expect.any(String),
      },
      {
        place: 2,
        chat_id: '@channel',
        status: 'failed',
        details: '400 Bad Request: chat not found',
        at: expect.any(String),
      },
      { place: 3, chat_id: 1, status: 'sent', message_id: expect.any(Number), at: expect.any(String) },
    ]);
    const { body: unclear } = await api.ask('GET', `${path}/${id}/outcomes?status=ambiguous`);
    expect(unclear).toEqual({ outcomes: [expect.objectContaining({ chat_id: 7, place: 9 })] });
  });

  it('tells a repeated outcome once, and takes none for what is not its own', async () => {
    const id = await create([1, 2, 3]);
    const [entry] = await server.takeSome(1);
    const outcome: BotOutcome = {
      ...{
        botId,
        stream: 'broadcast',
        entryId: entry!.entryId,
        fields: entry!.fields,
        ending: 'sent',
      },
      entry: { type: 'send_msg', status: 1, bot_id: botId, chat_id: 1, sent_msg_id: 5 },
    };
    for (let times = 0; times < 3; times += 1) await api.broadcasts.record(outcome);
    await api.broadcasts.record({ ...outcome, ending: 'failed', entry: { ...outcome.entry, status: 0 } });
    for (const broadcast of [`${id}:3`, `${id}:-1`, `${id}:x`, `${'a'.repeat(24)}:0`, 'nonsense', ''])
      await api.broadcasts.record({ ...outcome, fields: { broadcast } });
    await api.broadcasts.record({ ...outcome, botId: botId + 1, fields: { broadcast: `${id}:1` } });
    expect(await get(id)).toMatchObject({ sent: 1, failed: 0, left: 2, state: 'running' });
  });

  it('keeps a bounded number of entries ahead, and pauses after them', async () => {
    const id = await create(chats(100));
    expect(await server.length()).toBe(ahead);
    for (const entry of await server.takeSome(4)) await server.settle(api.broadcasts, entry);
    expect(await server.length()).toBeLessThanOrEqual(ahead);
    expect((await act(id, 'pause')).body.state).toBe('paused');
    expect((await act(id, 'pause')).status).toBe(200);

    let served = 4;
    while ((await server.length()) > 0)
      for (const entry of await server.take(100)) {
        await server.settle(api.broadcasts, entry);
        served += 1;
      }
    expect(served).toBeLessThanOrEqual(4 + ahead);
    expect(await get(id)).toMatchObject({
      state: 'paused',
      sent: served,
      left: 100 - served,
      eta_seconds: null,
    });
    // The feeder looks every 500 ms.
    const since = Date.now();
    await vi.waitFor(() => expect(Date.now() - since).toBeGreaterThan(1500));
    expect(await server.length()).toBe(0);

    expect((await act(id, 'resume')).body.state).toBe('running');
    await serveUntilEnd(id);
    expect(await get(id)).toMatchObject({ state: 'completed', sent: 100 });
    for (const action of ['pause', 'resume', 'cancel', 'start']) {
      const answer = await act(id, action);
      expect(answer).toMatchObject({ status: 409, body: { type: 'urn:heavy:problem:conflict' } });
    }
  });

  it('is cancelled: what is ahead is withdrawn, but what is being sent, which has its outcome', async () => {
    const id = await create(chats(100));
    const [unsent, ...taken] = await server.takeSome(4);
    expect(unsent?.data.chat_id).toBe(1);
    for (const { entryId } of taken)
      await redis.hset(redisKeys.bots.attempts(botId), `broadcast:${entryId}`, '{}');
    const { body } = await act(id, 'cancel');
    expect(body).toMatchObject({ state: 'cancelled', cancelled: 97, left: 3, ended_at: null });
    expect(await server.length()).toBe(3);
    const { body: open } = await api.ask('GET', `${path}/${id}/outcomes?status=waiting`);
    expect(open.outcomes.map((one: { chat_id: number }) => one.chat_id)).toEqual([2, 3, 4]);

    for (const entry of taken) await server.settle(api.broadcasts, entry);
    const after = await get(id);
    expect(after).toMatchObject({
      state: 'cancelled',
      sent: 3,
      cancelled: 97,
      left: 0,
      ended_at: expect.any(String),
    });
    const { body: rest } = await api.ask('GET', `${path}/${id}/outcomes?status=cancelled&limit=1000`);
    expect(rest.outcomes).toHaveLength(97);
    expect((await act(id, 'cancel')).status).toBe(200);
    expect((await act(id, 'resume')).status).toBe(409);
  });

  it('can be a draft that recipients are added to, until it is started', async () => {
    const id = await create([1, 2], { start: false });
    const add = (recipients: unknown[]) => api.ask('POST', `${path}/${id}/recipients`, { recipients });
    expect((await add([2, 3, '3'])).body).toMatchObject({ state: 'draft', total: 3 });
    expect((await add([2, 3])).body.total).toBe(3);
    expect(await server.length()).toBe(0);
    expect((await act(id, 'pause')).status).toBe(409);
    expect((await act(id, 'start')).body.state).toBe('running');
    expect((await add([4])).status).toBe(409);
    expect(await serveUntilEnd(id)).toEqual([1, 2, 3]);

    const { body: empty } = await api.ask('POST', path, { text: 'a', start: false });
    expect((await act(empty.id, 'start')).status).toBe(409);
    expect((await api.ask('POST', path, { text: 'a' })).status).toBe(400);
    const unknown = 'f'.repeat(24);
    for (const action of ['start', 'pause', 'resume', 'cancel'])
      expect((await act(unknown, action)).body.type).toBe('urn:heavy:problem:broadcast_not_found');
    const adding = await api.ask('POST', `${path}/${unknown}/recipients`, { recipients: [1] });
    expect(adding.status).toBe(404);
  });

  it('is another bot’s business alone', async () => {
    const id = await create([1, 2]);
    const other = `/v1/bots/${await addBot(redis)}/broadcasts`;
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/outcomes'],
      ['POST', '/pause'],
      ['POST', '/cancel'],
    ] as const)
      expect((await api.ask(method, `${other}/${id}${rest}`)).status).toBe(404);
    expect((await api.ask('POST', `${other}/${id}/recipients`, { recipients: [5] })).status).toBe(404);
    expect((await get(id)).state).toBe('running');
  });

  it('is made once for each idempotency key', async () => {
    const make = (body: object) => api.ask('POST', path, body, { 'idempotency-key': 'k' });
    const body = { text: 'news', recipients: chats(5000) };
    const answers = await Promise.all([make(body), make(body), make(body)]);
    expect(new Set(answers.map((one) => one.body.id)).size).toBe(1);
    expect(answers.map((one) => one.body.total)).toEqual([5000, 5000, 5000]);
    const again = await make(body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ id: answers[0]?.body.id, total: 5000, state: 'running' });
    expect((await make({ ...body, text: 'other' })).status).toBe(422);
    expect((await api.ask('GET', path)).body.broadcasts).toHaveLength(1);
  });

  it('is listed with the newest first, in pages', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift(await create([1], { start: false }));
    const first = (await api.ask('GET', `${path}?limit=3`)).body;
    const second = (await api.ask('GET', `${path}?limit=3&cursor=${first.next_cursor}`)).body;
    const listed = [...first.broadcasts, ...second.broadcasts].map((one) => one.id);
    expect(listed.toSorted()).toEqual(ids.toSorted());
    expect(second.next_cursor).toBeUndefined();
    await redis.del(redisKeys.bots.broadcast(ids[0]!));
    expect((await api.ask('GET', path)).body.broadcasts).toHaveLength(4);
  });

  it('is kept for a while after its end, and not for ever', async () => {
    const id = await create([1]);
    await serveUntilEnd(id);
    const { broadcast, recipients, outcomes, unfinishedBroadcasts } = redisKeys.bots;
    for (const key of [broadcast(id), recipients(id), outcomes(id)]) {
      const ttl = await redis.pttl(key);
      expect(ttl).toBeGreaterThan(6 * 24 * 3600 * 1000);
      expect(ttl).toBeLessThanOrEqual(7 * 24 * 3600 * 1000);
    }
    expect(await redis.sismember(unfinishedBroadcasts, `${botId}:${id}`)).toBe(0);
  });
});

describe('broadcasts', () => {
  it('of one bot share what may be ahead, and go on side by side', async () => {
    const first = await create(chats(60));
    const second = await create(chats(60, 1001));
    const order: number[] = [];
    while (order.length < 120)
      for (const entry of await server.take(1)) {
        order.push(entry.data.chat_id > 1000 ? 2 : 1);
        await server.settle(api.broadcasts, entry);
        expect(await server.length()).toBeLessThanOrEqual(2 * ahead);
      }
    expect(await get(first)).toMatchObject({ state: 'completed', sent: 60 });
    expect(await get(second)).toMatchObject({ state: 'completed', sent: 60 });
    // Neither waits for the other's end, nor for most of it.
    const of = (which: number) => order.slice(0, 60).filter((one) => one === which).length;
    expect(of(2)).toBeGreaterThan(12);
    expect(of(1)).toBeGreaterThan(12);
  });

  it('end though somebody removes their entries: what became of them is not known', async () => {
    const id = await create(chats(3));
    const [entry] = await server.takeSome(1);
    await server.settle(api.broadcasts, entry!);
    await redis.del(streams.broadcast(botId));
    await act(id, 'cancel');
    expect(await get(id)).toMatchObject({
      state: 'cancelled',
      sent: 1,
      ambiguous: 2,
      left: 0,
      ended_at: expect.any(String),
    });
    const { body } = await api.ask('GET', `${path}/${id}/outcomes?status=ambiguous`);
    expect(body.outcomes[0].details).toBe(
      'Its entry is gone from the stream, and nobody told what became of it.',
    );
  });

  it('put each of 10,000 recipients into the stream once, while those who feed them are killed', async () => {
    const total = 10_000;
    const bound = 100;
    const id = await create(chats(total), { start: false });
    const serve = (): ChildProcess => {
      const args = [servingProcess, inject('redis').url, '13', `${botId}`, `${bound}`, 'test:entries'];
      return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    };
    await act(id, 'start');
    let child = serve();
    let longest = 0;
    try {
      for (let kills = 0; kills < 6; kills += 1) {
        const before = await redis.hlen('test:entries');
        await vi.waitFor(
          async () => {
            longest = Math.max(longest, await server.length());
            expect(await redis.hlen('test:entries')).toBeGreaterThan(before + 300 + Math.random() * 500);
          },
          { timeout: 60_000, interval: 5 },
        );
        child.kill('SIGKILL');
        await once(child, 'exit');
        child = serve();
      }
      await vi.waitFor(async () => expect((await get(id)).state).toBe('completed'), {
        timeout: 120_000,
        interval: 100,
      });
    } finally {
      child.kill('SIGKILL');
    }
    // Each of those who serve it has up to 50 that are recorded and not deleted yet.
    expect(longest).toBeLessThanOrEqual(bound + 100);
    const places = Object.values(await redis.hgetall('test:entries'));
    expect(places).toHaveLength(total);
    expect(new Set(places).size).toBe(total);
    expect(await get(id)).toMatchObject({ total, sent: total, failed: 0, ambiguous: 0, left: 0 });
    expect((await get(id)).rate_per_second).toBe(0);
  }, 240_000);
});

describe('metrics of broadcasts', () => {
  const registry = new Registry();
  beforeAll(() => measureBroadcasts(redis, registry));
  /** What is not 0, as the lines of a scrape. */
  const told = async () =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !/^#| 0$/.test(line));

  it('count them by state, and their recipients by what became of them', async () => {
    // Those of the tests before are counted, too.
    await redis.del(redisKeys.bots.registry);
    botId = await addBot(redis);
    path = `/v1/bots/${botId}/broadcasts`;
    server = await createServer(redis, botId, 'broadcast');
    expect(await told()).toEqual([]);

    const first = await create(chats(3));
    await serveUntilEnd(first, (chat) =>
      chat === 2 ? { ending: 'failed' } : chat === 3 ? { ending: 'ambiguous' } : {},
    );
    await create(chats(4), { start: false });
    await create(chats(2), { start: false });
    const cancelled = await create(chats(20));
    const [entry] = await server.takeSome(1);
    await server.settle(api.broadcasts, entry!);
    await act(cancelled, 'cancel');
    const paused = await create(chats(30));
    await act(paused, 'pause');
    // Another bot's count with them.
    const other = await addBot(redis);
    await api.ask('POST', `/v1/bots/${other}/broadcasts`, { text: 'news', recipients: [1] });
    expect(await told()).toEqual([
      'heavy_bot_broadcasts{state="draft"} 2',
      'heavy_bot_broadcasts{state="running"} 1',
      'heavy_bot_broadcasts{state="paused"} 1',
      'heavy_bot_broadcasts{state="completed"} 1',
      'heavy_bot_broadcasts{state="cancelled"} 1',
      'heavy_bot_broadcast_recipients{state="draft",status="waiting"} 6',
      'heavy_bot_broadcast_recipients{state="running",status="waiting"} 1',
      'heavy_bot_broadcast_recipients{state="paused",status="waiting"} 30',
      'heavy_bot_broadcast_recipients{state="completed",status="sent"} 1',
      'heavy_bot_broadcast_recipients{state="completed",status="failed"} 1',
      'heavy_bot_broadcast_recipients{state="completed",status="ambiguous"} 1',
      'heavy_bot_broadcast_recipients{state="cancelled",status="sent"} 1',
      'heavy_bot_broadcast_recipients{state="cancelled",status="cancelled"} 19',
    ]);
    await api.broadcasts.cancelAll(other);
  });

  it('tell nothing while Redis is away, and do not wait for it', async () => {
    const away = new Redis({
      host: '127.0.0.1',
      port: 1,
      maxRetriesPerRequest: null,
      retryStrategy: () => 100,
    });
    away.on('error', () => {});
    const apart = new Registry();
    measureBroadcasts(away, apart);
    expect((await apart.metrics()).split('\n').filter((line) => /^[^#]/.test(line))).toEqual([]);
    away.disconnect();
  });
});
