import { redisKeys } from '@heavy/contracts';
import { describe, expect, it, vi } from 'vitest';
import { botsStage, streams } from './bots-stage.ts';

const stage = botsStage();

/** Starts a replica that serves one bot, and makes users who have started it. */
const scene = async (users: number, env: Record<string, string> = {}) => {
  const bot = stage.addBot('quiz_bot');
  const people = Array.from({ length: users }, (_, index) => stage.addUser(`user_${index}`, bot));
  const bots = await stage.start({ env });
  await stage.register(bot);
  return { bot, bots, people };
};
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe('the limits', () => {
  it('are kept without a single refusal, at nearly the rate that they allow', async () => {
    const { bot, people } = await scene(60);
    const sentAt = Date.now();
    await Promise.all(
      numbers(240).map((text, index) =>
        stage.send(bot, people[index % 60]?.id ?? 0, text, {}, index % 2 ? 'broadcast' : 'regular'),
      ),
    );
    await stage.drained(bot, 50_000);
    const seconds = (Date.now() - sentAt) / 1000;
    expect(stage.botApi.tooManyRequests).toBe(0);
    expect((await stage.logs(bot)).filter(({ status }) => status === 0)).toEqual([]);
    // 30 at once and 30 in each second after it: 7 s, on a machine that does nothing else.
    expect(seconds).toBeLessThan(35);
    for (const [index, user] of people.entries())
      expect(stage.texts(bot, user), `chat ${index}`).toEqual(
        numbers(240).filter((_, place) => place % 60 === index),
      );
  });

  it('of a group and of edits are kept without a refusal', async () => {
    const { bot, people } = await scene(1);
    const [alice] = people;
    const group = stage.dc.world.addSupergroup('Film club', { members: ['user_0', 'quiz_bot'] });
    const groupId = group.markedIdFor(bot);
    for (const text of numbers(25)) await stage.send(bot, groupId, text);
    await vi.waitFor(() => expect(group.messages()).toHaveLength(20), { timeout: 45_000 });
    // The others wait for the minute to pass; meanwhile a private chat is served.
    await stage.send(bot, alice?.id ?? 0, 'hello');
    await vi.waitFor(async () => expect(await stage.redis.xlen(streams.regular(bot.id))).toBe(5));
    expect(group.messages()).toHaveLength(20);
    expect(stage.botApi.tooManyRequests).toBe(0);
  });
});

describe('a 429', () => {
  it('on one chat holds up that chat and no other, and its messages come after it in their order', async () => {
    const { bot, people } = await scene(3);
    const [slow, ...others] = people;
    stage.botApi.faults.add({ method: 'sendMessage', chat: slow?.id ?? 0, floodS: 6 });
    const beganAt = Date.now();
    for (const text of numbers(3)) await stage.send(bot, slow?.id ?? 0, text);
    for (const text of numbers(3))
      for (const { id } of others) await stage.send(bot, id, text, {}, 'broadcast');
    await vi.waitFor(() => {
      for (const user of others) expect(stage.texts(bot, user)).toEqual(numbers(3));
    });
    expect(stage.texts(bot, slow!)).toEqual([]);
    const status = JSON.parse((await stage.redis.get(redisKeys.bots.status(bot.id))) ?? '{}');
    await vi.waitFor(async () => {
      const shown = JSON.parse((await stage.redis.get(redisKeys.bots.status(bot.id))) ?? '{}');
      expect(shown.waitingChats).toMatchObject([{ chatId: slow?.id }]);
      expect(shown.waitsUntil).toBeUndefined();
    });
    expect(status.botId).toBe(bot.id);
    await stage.drained(bot);
    expect(Date.now() - beganAt).toBeGreaterThanOrEqual(6000);
    expect(stage.texts(bot, slow!)).toEqual(numbers(3));
    expect(stage.botApi.tooManyRequests).toBe(1);
  });

  it('on chats that nothing was sent to is taken as the bot’s, and is obeyed by all', async () => {
    const { bot, people } = await scene(8);
    stage.botApi.faults.add({ method: 'sendMessage', retryAfterS: 5, times: 2 });
    const beganAt = Date.now();
    await Promise.all(people.map(({ id }) => stage.send(bot, id, 'hello')));
    await stage.drained(bot);
    // Those that were under way by then may have been served.
    expect(Date.now() - beganAt).toBeGreaterThanOrEqual(5000);
    expect(stage.lines.filter((line) => line.includes('"scope":"bot"'))).toHaveLength(1);
    for (const user of people) expect(stage.texts(bot, user)).toEqual(['hello']);
  });

  it('is remembered over a restart', async () => {
    const { bot, bots, people } = await scene(1);
    const [alice] = people;
    stage.botApi.faults.add({ method: 'sendMessage', retryAfterS: 8, times: 1 });
    const beganAt = Date.now();
    await stage.send(bot, alice?.id ?? 0, 'hello');
    await vi.waitFor(() => expect(stage.botApi.tooManyRequests).toBe(1));
    await bots.close();
    await stage.start({ instance: 'two' });
    await stage.drained(bot);
    expect(Date.now() - beganAt).toBeGreaterThanOrEqual(8000);
    expect(stage.botApi.calls.filter(({ method }) => method === 'sendMessage')).toHaveLength(2);
  });

  it('does not hide other chats behind a stream full of one that waits', async () => {
    const { bot, people } = await scene(2, { BOTS_READ_AHEAD: '20', BOTS_LOOK_PAST: '600' });
    const [slow, other] = people;
    stage.botApi.faults.add({ method: 'sendMessage', chat: slow?.id ?? 0, floodS: 300 });
    const pipeline = stage.redis.pipeline();
    for (const text of numbers(500)) {
      const data = JSON.stringify({ bot_id: bot.id, chat_id: slow?.id, text });
      pipeline.xadd(streams.regular(bot.id), '*', 'type', 'send_msg', 'data', data);
    }
    await pipeline.exec();
    await stage.send(bot, other?.id ?? 0, 'hello');
    await vi.waitFor(() => expect(stage.texts(bot, other!)).toEqual(['hello']));
    expect(stage.texts(bot, slow!)).toEqual([]);
  });
});

describe('a broadcast', () => {
  it('holds up a regular message by no more than a turn, and is held up by none', async () => {
    const { bot, people } = await scene(1000);
    const pipeline = stage.redis.pipeline();
    for (const { id } of people) {
      const data = JSON.stringify({ bot_id: bot.id, chat_id: id, text: 'news' });
      pipeline.xadd(streams.broadcast(bot.id), '*', 'type', 'send_msg', 'data', data);
    }
    await pipeline.exec();
    await vi.waitFor(() => expect(stage.botApi.calls.length).toBeGreaterThan(60));
    // From the end of the line of the broadcast.
    for (const { id } of people.slice(-10)) await stage.send(bot, id, 'for you');
    await vi.waitFor(async () => expect(await stage.redis.xlen(streams.regular(bot.id))).toBe(0));
    const order = stage.botApi.calls
      .filter(({ method }) => method === 'sendMessage')
      .map(({ chatId }) => chatId);
    const mine = new Set(people.slice(-10).map(({ id }) => String(id)));
    const places = order.flatMap((chatId, place) => (mine.has(chatId) ? [place] : []));
    expect(places).toHaveLength(10);
    // Between two of them at most one of the broadcast, or two where it was one's turn when the other came.
    for (const [index, place] of places.slice(1).entries())
      expect(place - (places[index] ?? 0)).toBeLessThanOrEqual(3);
    expect(await stage.redis.xlen(streams.broadcast(bot.id))).toBeGreaterThan(500);
  });

  it('leaves a few calls free while somebody writes', async () => {
    const { bot, people } = await scene(500);
    const [alice, ...others] = people;
    const pipeline = stage.redis.pipeline();
    for (const { id } of others) {
      const data = JSON.stringify({ bot_id: bot.id, chat_id: id, text: 'news' });
      pipeline.xadd(streams.broadcast(bot.id), '*', 'type', 'send_msg', 'data', data);
    }
    await pipeline.exec();
    await vi.waitFor(() => expect(stage.botApi.calls.length).toBeGreaterThan(60));
    await stage.send(bot, alice?.id ?? 0, 'for you');
    const mine = () => stage.botApi.calls.find(({ chatId }) => chatId === String(alice?.id));
    await vi.waitFor(() => expect(mine()).toBeDefined());
    const { at } = mine() ?? expect.fail('no call');
    // Of the five seconds for which more of hers is expected, those after the one in which it was not.
    const counted = () => stage.botApi.calls.filter((call) => call.at > at + 1000 && call.at <= at + 4500);
    await vi.waitFor(() => expect(stage.botApi.calls.at(-1)?.at).toBeGreaterThan(at + 4500));
    expect(counted().length).toBeGreaterThan(0);
    // 28 a second; 30 would be 105.
    expect(counted().length).toBeLessThanOrEqual(28 * 3.5 + 3);
  });
});

describe('a chat that cannot be reached', () => {
  it('is remembered: later messages fail without a call', async () => {
    const { bot, people } = await scene(1);
    const [alice] = people;
    alice?.blocks(bot);
    for (const text of numbers(3)) await stage.send(bot, alice?.id ?? 0, text);
    for (const text of numbers(3)) await stage.send(bot, '@Nobody_there', text);
    await stage.drained(bot);
    const details = (await stage.logs(bot)).map((entry) => entry.details);
    expect(details.filter((one) => one === '403 Forbidden: bot was blocked by the user')).toHaveLength(1);
    expect(details.filter((one) => one === '400 Bad Request: chat not found')).toHaveLength(1);
    expect(details.filter((one) => one?.includes('not tried again'))).toHaveLength(4);
    expect(stage.botApi.calls.filter(({ method }) => method === 'sendMessage')).toHaveLength(2);
    expect(await stage.dead(bot)).toHaveLength(6);
  });

  it('is tried again after a while', async () => {
    const { bot, people } = await scene(1, { BOT_UNREACHABLE_MS: '1500' });
    const [alice] = people;
    alice?.blocks(bot);
    await stage.send(bot, alice?.id ?? 0, 'lost');
    await stage.drained(bot);
    alice?.starts(bot);
    await vi.waitFor(async () => {
      await stage.send(bot, alice?.id ?? 0, 'hello');
      await stage.drained(bot);
      expect(stage.texts(bot, alice!)).not.toEqual([]);
    });
  });
});
