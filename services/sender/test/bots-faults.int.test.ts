import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BotOutcome } from '../src/bots/outcome.ts';
import { botsStage, redisUrl, streams } from './bots-stage.ts';

const stage = botsStage();

const scene = async (given: Parameters<typeof stage.start>[0] = {}) => {
  const bot = stage.addBot('quiz_bot');
  const alice = stage.addUser('alice', bot);
  const bots = await stage.start(given);
  await stage.register(bot);
  return { bot, alice, bots };
};
const sends = () => stage.botApi.calls.filter(({ method }) => method === 'sendMessage');

describe('a call whose answer is lost', () => {
  it.each([
    ['before', []],
    ['after', ['hello']],
  ] as const)(
    'is told as ambiguous and not made again, where the connection was dropped %s the message was posted',
    async (drop, first) => {
      const { bot, alice } = await scene();
      stage.botApi.faults.add({ method: 'sendMessage', drop });
      await stage.send(bot, alice.id, 'hello');
      await stage.send(bot, alice.id, 'next');
      await stage.drained(bot);
      expect(stage.texts(bot, alice)).toEqual([...first, 'next']);
      expect(await stage.logs(bot)).toMatchObject([
        {
          text: 'hello',
          status: 0,
          details: expect.stringContaining('The message may have been sent: no answer of the Bot API'),
        },
        { text: 'next', status: 1 },
      ]);
      expect(await stage.dead(bot)).toHaveLength(1);
    },
  );

  it('is told as ambiguous where it never comes', async () => {
    const { bot, alice } = await scene({ env: { BOT_CALL_TIMEOUT_MS: '1000' } });
    stage.botApi.faults.add({ method: 'sendMessage', swallow: 'after' });
    await stage.send(bot, alice.id, 'hello');
    await stage.drained(bot);
    expect((await stage.logs(bot))[0]).toMatchObject({
      status: 0,
      details:
        'The message may have been sent: no answer of the Bot API (TimeoutError). It was not sent again.',
    });
    expect(stage.texts(bot, alice)).toEqual(['hello']);
  });

  it('is made again where it is an edit or a deletion', async () => {
    const { bot, alice } = await scene();
    await stage.send(bot, alice.id, 'one');
    await stage.send(bot, alice.id, 'two');
    await stage.drained(bot);
    stage.botApi.faults.add({ method: 'editMessageText', drop: 'after' });
    stage.botApi.faults.add({ method: 'deleteMessage', drop: 'after' });
    const about = { bot_id: bot.id, chat_id: alice.id };
    await stage.xadd(streams.regular(bot.id), 'edit_msg', { ...about, message_id: 1, text: 'uno' });
    await stage.xadd(streams.regular(bot.id), 'del_msg', { ...about, message_id: 2 });
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['uno']);
    expect((await stage.logs(bot)).map(({ status }) => status)).toEqual([1, 1, 1, 1]);
  });

  it('says which part of a long message it was', async () => {
    const { bot, alice } = await scene();
    const text = `${'a'.repeat(4096)} ${'b'.repeat(4096)} ${'c'.repeat(10)}`;
    stage.botApi.faults.add({
      method: 'sendMessage',
      drop: 'after',
      match: (params) => params.text('text').startsWith('b'),
    });
    await stage.send(bot, alice.id, text);
    await stage.drained(bot);
    expect((await stage.logs(bot))[0]?.details).toMatch(
      /^Part 2 of 3 may have been sent: .* It was not sent again\. Sent before it: 1\.$/,
    );
    expect(stage.texts(bot, alice).map((one) => one[0])).toEqual(['a', 'b']);
  });
});

describe('an error of the Bot API itself', () => {
  it('is waited out, in order', async () => {
    const { bot, alice } = await scene();
    stage.botApi.faults.add({ method: 'sendMessage', error: [502, 'Bad Gateway'], html: true });
    stage.botApi.faults.add({ method: 'sendMessage', error: [500, 'Internal Server Error'] });
    await stage.send(bot, alice.id, 'one');
    await stage.send(bot, alice.id, 'two');
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['one', 'two']);
    expect(sends()).toHaveLength(4);
  });

  it('ends the message where it lasts', async () => {
    const { bot, alice } = await scene({ env: { BOT_RETRY_FOR_MS: '1500' } });
    stage.botApi.faults.add({ method: 'sendMessage', error: [500, 'Internal Server Error'], times: 100 });
    await stage.send(bot, alice.id, 'one');
    await stage.drained(bot);
    expect((await stage.logs(bot))[0]?.details).toMatch(
      /^The message was not sent: 500 Internal Server Error, after \d+ attempts\.$/,
    );
    expect((await stage.dead(bot))[0]?.['reason']).toContain('500');
  });
});

describe('a Bot API that cannot be reached', () => {
  it('is waited for, and nothing is lost or ambiguous', async () => {
    const { bot, alice, bots } = await scene();
    const port = Number(new URL(stage.botApi.url).port);
    await stage.botApi.close();
    await stage.send(bot, alice.id, 'hello');
    await vi.waitFor(() =>
      expect(bots.check()).toMatchObject({
        ok: false,
        serving: true,
        detail: expect.stringContaining('cannot be reached'),
      }),
    );
    await stage.restartBotApi(port);
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello']);
    expect(bots.check()).toEqual({ ok: true, detail: '1 of 1 bots' });
    expect(await stage.dead(bot)).toEqual([]);
  });
});

describe('a token that Telegram accepts no more', () => {
  it('stops the bot, loses nothing, and shows in its health', async () => {
    const { bot, alice, bots } = await scene();
    stage.botApi.faults.add({ method: 'sendMessage', error: [401, 'Unauthorized'] });
    await stage.send(bot, alice.id, 'hello');
    await vi.waitFor(() =>
      expect(bots.check()).toMatchObject({ ok: false, detail: expect.stringContaining('token') }),
    );
    expect(await stage.redis.xlen(streams.regular(bot.id))).toBe(1);
    // Added anew, it goes on at once.
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: bot.botToken, is_sent_logs: true });
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello']);
  });
});

describe('a group that has become a supergroup', () => {
  it('gets its messages there', async () => {
    const { bot } = await scene();
    const group = stage.dc.world.addGroup('Film club', { members: ['alice', 'quiz_bot'] });
    const oldId = group.markedIdFor(bot);
    const supergroup = stage.dc.world.upgradeGroup(group);
    await stage.send(bot, oldId, 'one');
    await stage.send(bot, oldId, 'two');
    await stage.drained(bot);
    expect(
      supergroup
        .messages()
        .map(({ text }) => text)
        .filter(Boolean),
    ).toEqual(['one', 'two']);
    const details = `The group is ${supergroup.markedIdFor(bot)} now.`;
    expect(await stage.logs(bot)).toMatchObject([
      { status: 1, details },
      { status: 1, details },
    ]);
  });
});

describe('onOutcome', () => {
  it('is told of each entry before that is acknowledged, with all of its fields, and again where it failed', async () => {
    const told: (BotOutcome & { pending: number })[] = [];
    let fails = 1;
    const { bot, alice } = await scene({
      onOutcome: async (outcome) => {
        const [pending] = await stage.redis.xpending(streams.broadcast(outcome.botId), 'base');
        told.push({ ...outcome, pending: Number(pending) });
        if (fails-- > 0) throw new Error('not yet');
      },
    });
    const data = JSON.stringify({ bot_id: bot.id, chat_id: alice.id, text: 'news' });
    const stream = streams.broadcast(bot.id);
    const id = await stage.redis.xadd(stream, '*', 'type', 'send_msg', 'data', data, 'broadcast', 'b1:0');
    await stage.drained(bot);
    const outcome = {
      ...{ botId: bot.id, stream: 'broadcast', entryId: id, ending: 'sent', pending: 1 },
      fields: { type: 'send_msg', data, broadcast: 'b1:0' },
      entry: { type: 'send_msg', status: 1, bot_id: bot.id, chat_id: alice.id, text: 'news', sent_msg_id: 1 },
    };
    expect(told).toEqual([outcome, outcome]);
    expect(stage.texts(bot, alice)).toEqual(['news']);
  });
});

describe('streams that are deleted', () => {
  it('come back with the next message', async () => {
    const { bot, alice } = await scene();
    await stage.redis.del(streams.regular(bot.id), streams.broadcast(bot.id), streams.control);
    await stage.send(bot, alice.id, 'hello');
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello']);
  });
});

describe('Redis, where it does not take an acknowledgement', () => {
  const refuseAcknowledgements = () => stage.redis.call('ACL', 'SETUSER', 'default', '-xack');
  afterEach(() => stage.redis.call('ACL', 'SETUSER', 'default', '+xack'));

  it('is asked again, and the message is sent once', async () => {
    const { bot, alice } = await scene();
    await refuseAcknowledgements();
    await stage.send(bot, alice.id, 'hello');
    await vi.waitFor(() => expect(stage.lines.join('\n')).toContain('a message could not be dealt with'));
    await stage.redis.call('ACL', 'SETUSER', 'default', '+xack');
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello']);
    expect(await stage.logs(bot)).toMatchObject([{ text: 'hello', status: 1 }]);
  });

  it('is asked again, and the word of the control stream is followed', async () => {
    const bot = stage.addBot('quiz_bot');
    await stage.start();
    await refuseAcknowledgements();
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: bot.botToken });
    await vi.waitFor(() =>
      expect(stage.lines.join('\n')).toContain('a word of the control stream was not followed'),
    );
    await stage.redis.call('ACL', 'SETUSER', 'default', '+xack');
    await vi.waitFor(async () => expect(await stage.redis.xlen(streams.control)).toBe(0));
  });
});

describe('the metrics', () => {
  it('do not wait for a Redis that is away', async () => {
    const metrics = new Registry();
    const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null, retryStrategy: () => 4000 });
    const { bot } = await scene({ metrics, redis });
    const lengths = async () => (await metrics.getSingleMetricAsString('heavy_bot_queue_length')).split('\n');
    expect(await lengths()).toContain(`heavy_bot_queue_length{bot="${bot.id}",stream="regular"} 0`);
    redis.disconnect(true);
    expect((await lengths()).filter((line) => !line.startsWith('#'))).toEqual([]);
    expect(redis.status).not.toBe('ready');
    await vi.waitFor(async () =>
      expect(await lengths()).toContain(`heavy_bot_queue_length{bot="${bot.id}",stream="regular"} 0`),
    );
  });
});
