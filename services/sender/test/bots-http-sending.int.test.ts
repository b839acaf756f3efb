import { redisKeys } from '@heavy/contracts';
import { parseSessionKey } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningApi, startApi } from './bots-http-fixture.ts';
import { botsStage, redisUrl } from './bots-stage.ts';

const stage = botsStage();
let redis: Redis;
let api: RunningApi;

beforeEach(async () => {
  redis = new Redis(redisUrl());
  api = await startApi(redis, { ahead: 20, sessionKey: parseSessionKey(stage.sessionKey) });
  await stage.start({ onOutcome: api.broadcasts.record });
});
afterEach(async () => {
  await api.close();
  redis.disconnect();
});

const until = <T>(look: () => Promise<T>, expected: object): Promise<T> =>
  vi.waitFor(
    async () => {
      const found = await look();
      expect(found).toMatchObject(expected);
      return found;
    },
    { timeout: 40_000, interval: 50 },
  );
const get = async (path: string) => (await api.ask('GET', path)).body;
const addByHttp = async (name: string) => {
  const bot = stage.addBot(name);
  expect((await api.ask('POST', '/v1/bots', { token: bot.botToken })).status).toBe(202);
  await until(() => get(`/v1/bots/${bot.id}`), { bot_id: bot.id, served_by: 'one' });
  return bot;
};

describe('the HTTP API, before the sender and a Bot API server', () => {
  it('adds a bot, sends, edits, deletes and removes', async () => {
    const bot = await addByHttp('quiz_bot');
    const alice = stage.addUser('alice', bot);
    const messages = `/v1/bots/${bot.id}/messages`;
    const sent = await api.ask('POST', messages, { chat_id: alice.id, text: 'a word' });
    const path = sent.headers.get('location') ?? '';
    const { message_id } = await until(() => get(path), { status: 'sent' });
    expect(stage.texts(bot, alice)).toEqual(['a word']);

    const message = `/v1/bots/${bot.id}/chats/${alice.id}/messages/${message_id}`;
    const edited = await api.ask('PATCH', message, { text: 'another' });
    await until(() => get(edited.headers.get('location') ?? ''), { status: 'sent' });
    expect(stage.texts(bot, alice)).toEqual(['another']);
    const deleted = await api.ask('DELETE', message);
    await until(() => get(deleted.headers.get('location') ?? ''), { status: 'sent' });
    expect(stage.texts(bot, alice)).toEqual([]);
    const stranger = await api.ask('POST', messages, { chat_id: 5, text: 'x' });
    await until(() => get(stranger.headers.get('location') ?? ''), {
      status: 'failed',
      details: expect.stringContaining('chat not found'),
    });

    for (const key of await redis.keys('*')) {
      const dump = await redis.dumpBuffer(key);
      expect({ key, hasToken: dump?.includes(bot.botToken!.slice(-20)) }).toEqual({ key, hasToken: false });
    }
    expect((await api.ask('DELETE', `/v1/bots/${bot.id}`)).status).toBe(202);
    await vi.waitFor(async () => expect((await api.ask('GET', `/v1/bots/${bot.id}`)).status).toBe(404));
    expect(await redis.hlen(redisKeys.bots.registry)).toBe(0);
  });

  it('broadcasts to each recipient once, and tells who could not be reached', async () => {
    const bot = await addByHttp('news_bot');
    const users = Array.from({ length: 60 }, (_, index) => stage.addUser(`user_${index}`, bot));
    users[7]?.blocks(bot);
    const path = `/v1/bots/${bot.id}/broadcasts`;
    const recipients = [...users.map(({ id }) => id), 999_999_999];
    const { body } = await api.ask('POST', path, { text: 'news', recipients });
    await until(() => get(`${path}/${body.id}`), {
      state: 'completed',
      total: 61,
      sent: 59,
      failed: 2,
      ambiguous: 0,
    });
    for (const [index, user] of users.entries())
      expect(stage.texts(bot, user)).toEqual(index === 7 ? [] : ['news']);
    const { outcomes } = await get(`${path}/${body.id}/outcomes?status=failed`);
    expect(outcomes).toMatchObject([
      { place: 7, chat_id: users[7]?.id, details: expect.stringContaining('blocked') },
      { place: 60, chat_id: 999_999_999, details: expect.stringContaining('not found') },
    ]);
  });

  it('sends nothing of a broadcast any more once it is cancelled, also not what was read ahead', async () => {
    const bot = await addByHttp('news_bot');
    const users = Array.from({ length: 300 }, (_, index) => stage.addUser(`user_${index}`, bot));
    const path = `/v1/bots/${bot.id}/broadcasts`;
    const { body } = await api.ask('POST', path, { text: 'news', recipients: users.map(({ id }) => id) });
    await vi.waitFor(async () => expect((await get(`${path}/${body.id}`)).sent).toBeGreaterThan(20), {
      interval: 20,
    });
    await api.ask('POST', `${path}/${body.id}/cancel`);
    const end = await until(() => get(`${path}/${body.id}`), {
      state: 'cancelled',
      left: 0,
      failed: 0,
      ambiguous: 0,
    });
    expect(end.sent + end.cancelled).toBe(300);
    expect(end.sent).toBeLessThan(200);
    await stage.drained(bot);
    // Those after it go out: the stream is being served, and nothing of the cancelled one is left in it.
    const after = await api.ask('POST', path, {
      text: 'more',
      recipients: users.slice(0, 5).map(({ id }) => id),
    });
    await until(() => get(`${path}/${after.body.id}`), { state: 'completed', sent: 5 });
    expect(users.filter((user) => stage.texts(bot, user).includes('news'))).toHaveLength(end.sent);
    expect(await stage.dead(bot)).toEqual([]);
  });
});
