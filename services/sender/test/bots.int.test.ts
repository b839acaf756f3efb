import { redisKeys } from '@heavy/contracts';
import { newSessionKey, parseSessionKey, sealBotToken } from '@heavy/telegram';
import { describe, expect, it, vi } from 'vitest';
import { botsStage, streams } from './bots-stage.ts';

const stage = botsStage();
const keyboard = { inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] };

describe('startBots', () => {
  it('sends what is in the stream, tells what became of it, and leaves nothing behind', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    await stage.send(bot, alice.id, 'hello', { external_id: 7, reply_markup: keyboard });
    await stage.send(bot, String(alice.id), 'again', {}, 'broadcast');
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello', 'again']);
    expect(await stage.logs(bot)).toEqual([
      {
        ...{ type: 'send_msg', status: 1, bot_id: bot.id, chat_id: alice.id, text: 'hello' },
        ...{ reply_markup: keyboard, sent_msg_id: 1, external_id: 7 },
      },
      {
        ...{ type: 'send_msg', status: 1, bot_id: bot.id, chat_id: String(alice.id), text: 'again' },
        ...{ sent_msg_id: 2 },
      },
    ]);
    expect(await stage.redis.xlen(streams.control)).toBe(0);
    expect(await stage.redis.keys('bots:attempts:*')).toEqual([]);
    expect(await stage.dead(bot)).toEqual([]);
  });

  it('edits texts and keyboards, and deletes', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    await stage.send(bot, alice.id, 'one');
    await stage.send(bot, alice.id, 'two');
    await stage.drained(bot);
    const about = { bot_id: bot.id, chat_id: alice.id };
    const regular = streams.regular(bot.id);
    await stage.xadd(regular, 'edit_msg', {
      ...about,
      message_id: 1,
      text: '<b>1</b>',
      reply_markup: keyboard,
    });
    await stage.xadd(regular, 'edit_msg', { ...about, message_id: '1' });
    await stage.xadd(regular, 'edit_msg', { ...about, message_id: 1 });
    await stage.xadd(regular, 'del_msg', { ...about, message_id: 2 });
    await stage.xadd(regular, 'del_msg', { ...about, message_id: 2 });
    await stage.drained(bot);
    const messages = stage.dc.world.privateChat(bot, alice).messages();
    expect(messages).toMatchObject([{ text: '1', entities: [{ type: 'bold', offset: 0, length: 1 }] }]);
    const outcomes = (await stage.logs(bot))
      .slice(2)
      .map(({ type, status, details }) => [type, status, details]);
    expect(outcomes).toEqual([
      ['edit_msg', 1, undefined],
      ['edit_msg', 1, undefined],
      // Nothing is left to be taken away: it is as wanted.
      ['edit_msg', 1, undefined],
      ['del_msg', 1, undefined],
      ['del_msg', 0, '400 Bad Request: message to delete not found'],
    ]);
    expect(await stage.dead(bot)).toHaveLength(1);
  });

  it('fails no message by its markup, and splits what is too long, the keyboard on the last part', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    await stage.send(bot, alice.id, 'a < b <i>and</i> <p>x & y');
    await stage.send(bot, alice.id, '<b></b>');
    const line = `${'x'.repeat(99)}\n`;
    await stage.send(bot, alice.id, line.repeat(100), { reply_markup: keyboard, reply_to_message_id: 1 });
    await stage.drained(bot);
    const [first, ...parts] = stage.dc.world.privateChat(bot, alice).messages();
    expect(first).toMatchObject({
      text: 'a < b and <p>x & y',
      entities: [{ type: 'italic', offset: 6, length: 3 }],
    });
    expect(parts.map(({ text }) => text.length)).toEqual([3999, 3999, 1999]);
    expect(parts.map(({ keyboard: shown }) => shown !== undefined)).toEqual([false, false, true]);
    expect(
      (await stage.logs(bot)).map(({ status, details, sent_msg_id }) => [status, details, sent_msg_id]),
    ).toEqual([
      [1, undefined, 1],
      [0, 'The text is empty.', undefined],
      [1, 'Sent in 3 parts: 2, 3, 4.', 4],
    ]);
  });

  it('sends a message whose target is gone all the same', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    await stage.send(bot, alice.id, 'an answer', { reply_to_message_id: '99' });
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['an answer']);
  });

  it('writes no log for a bot whose owner does not want to know, but keeps what failed', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot, false);
    await stage.send(bot, alice.id, 'hello');
    const id = await stage.send(bot, 12_345, 'nobody', { external_id: 3 });
    await stage.drained(bot);
    expect(await stage.logs(bot)).toEqual([]);
    expect(await stage.dead(bot)).toEqual([
      {
        type: 'send_msg',
        data: JSON.stringify({ bot_id: bot.id, chat_id: 12_345, text: 'nobody', external_id: 3 }),
        reason: '400 Bad Request: chat not found',
        ...{ stream: streams.regular(bot.id), entry: id },
      },
    ]);
  });

  it('serves after a restart what it was told before, and what came meanwhile', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    const first = await stage.start();
    await stage.register(bot);
    await first.close();
    await stage.send(bot, alice.id, 'meanwhile');
    const second = await stage.start({ instance: 'two' });
    await stage.drained(bot);
    expect(second.serving).toEqual([bot.id]);
    expect(stage.texts(bot, alice)).toEqual(['meanwhile']);
  });

  it('refuses a token that is wrong or another’s, and says so in the logs stream', async () => {
    const bot = stage.addBot('quiz_bot');
    const other = stage.addBot('other_bot');
    const bots = await stage.start();
    const wrong = `${bot.id}:${'A'.repeat(35)}`;
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: wrong });
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: other.botToken });
    await vi.waitFor(async () => expect(await stage.logs(bot)).toHaveLength(2));
    expect(await stage.logs(bot)).toEqual([
      {
        ...{ type: 'add_bot', status: 0, bot_id: bot.id, chat_id: null },
        details: 'Telegram does not know the token: 401 Unauthorized.',
      },
      {
        ...{ type: 'add_bot', status: 0, bot_id: bot.id, chat_id: null },
        details: `The token is not that of the bot ${bot.id}.`,
      },
    ]);
    expect(await stage.redis.hlen(redisKeys.bots.registry)).toBe(0);
    expect(bots.serving).toEqual([]);
    expect(JSON.stringify(await stage.dead(bot))).not.toContain('AAAA');
  });

  it('takes no bot without a key, and says so', async () => {
    const bot = stage.addBot('quiz_bot');
    const bots = await stage.start({ env: { HEAVY_SESSION_KEY: undefined } });
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id, token: bot.botToken });
    await vi.waitFor(async () => expect(await stage.logs(bot)).toHaveLength(1));
    expect((await stage.logs(bot))[0]?.details).toContain('HEAVY_SESSION_KEY is not set');
    expect(bots.check()).toEqual({ ok: false, detail: 'HEAVY_SESSION_KEY is not set: no bot can be served' });
  });

  it('goes by what was said of a bot last', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    const bots = await stage.start();
    await stage.register(bot, false);
    await stage.register(bot, true);
    // A message may overtake a word of the control stream: what counts is that the last word comes to hold.
    await vi.waitFor(async () => {
      await stage.send(bot, alice.id, 'logged');
      await stage.drained(bot);
      expect((await stage.logs(bot)).at(-1)).toMatchObject({ text: 'logged', status: 1 });
    }, 60_000);

    await stage.xadd(streams.control, 'remove_bot', { bot_id: bot.id });
    await vi.waitFor(() => expect(bots.serving).toEqual([]));
    await stage.send(bot, alice.id, 'after its removal');
    // Added again, it goes on with what is there.
    await stage.register(bot);
    await stage.drained(bot);
    expect(new Set(stage.texts(bot, alice))).toEqual(new Set(['logged', 'after its removal']));
  });

  it('takes a token that is sealed with its key, and no other', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    const add = (key: string) =>
      stage.xadd(streams.control, 'add_bot', {
        bot_id: bot.id,
        token: sealBotToken(bot.botToken, parseSessionKey(key)),
      });
    await add(newSessionKey());
    await vi.waitFor(async () =>
      expect(await stage.logs(bot)).toEqual([
        {
          ...{ type: 'add_bot', status: 0, bot_id: bot.id, chat_id: null },
          details: expect.stringMatching(
            /^The bot token is sealed with the key \w{8}, and \w{8} is given\.$/,
          ),
        },
      ]),
    );
    await add(stage.sessionKey);
    await stage.send(bot, alice.id, 'hello');
    await vi.waitFor(() => expect(stage.texts(bot, alice)).toEqual(['hello']));
  });

  it('waits with a bot whose token was sealed with another key, until it is started with that', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    const before = await stage.start();
    await stage.register(bot);
    const next = newSessionKey();
    const token = sealBotToken(bot.botToken, parseSessionKey(next));
    const sealedAnew = JSON.stringify({ token, isSentLogs: true });
    await stage.redis.hset(redisKeys.bots.registry, String(bot.id), sealedAnew);
    await vi.waitFor(() =>
      expect(before.check()).toMatchObject({
        ...{ ok: false, serving: true },
        detail: expect.stringContaining('sealed with the key'),
      }),
    );
    await stage.send(bot, alice.id, 'hello');
    await before.close();
    const after = await stage.start({ instance: 'two', env: { HEAVY_SESSION_KEY: next } });
    await stage.drained(bot);
    expect(stage.texts(bot, alice)).toEqual(['hello']);
    expect(after.check()).toMatchObject({ ok: true });
  });

  it('keeps a token nowhere in clear', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    await stage.send(bot, alice.id, 'hello');
    // Where an application mistakes the stream, or the form.
    await stage.xadd(streams.regular(bot.id), 'add_bot', { bot_id: bot.id, token: bot.botToken });
    await stage.xadd(streams.control, 'add_bot', {
      bot_id: bot.id,
      token: bot.botToken,
      is_sent_logs: 'yes',
    });
    await stage.xadd(streams.control, bot.botToken, { bot_id: bot.id });
    stage.botApi.faults.add({ method: 'sendMessage', error: [502, 'Bad Gateway'], html: true, times: 1 });
    stage.botApi.faults.add({ method: 'sendMessage', drop: 'before', times: 1 });
    await stage.send(bot, alice.id, 'hello again');
    await stage.drained(bot);
    await vi.waitFor(async () => expect(await stage.redis.xlen(streams.control)).toBe(0));
    const secret = bot.botToken.split(':')[1] ?? '';
    const dumps = [...stage.lines];
    for (const key of await stage.redis.keys('*')) {
      const type = await stage.redis.type(key);
      if (type === 'hash') dumps.push(JSON.stringify(await stage.redis.hgetall(key)));
      if (type === 'string') dumps.push((await stage.redis.get(key)) ?? '');
      if (type === 'stream') dumps.push(JSON.stringify(await stage.redis.xrange(key, '-', '+')));
    }
    expect(dumps.length).toBeGreaterThan(8);
    expect(dumps.filter((dump) => dump.includes(secret))).toEqual([]);
  });
});

describe('a malformed entry', () => {
  it('is told, kept and acknowledged, and what follows it is sent', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    await stage.register(bot);
    const regular = streams.regular(bot.id);
    const about = { bot_id: bot.id, chat_id: alice.id };
    await stage.redis.xadd(regular, '*', 'data', '{}');
    await stage.redis.xadd(regular, '*', 'type', 'send_msg');
    await stage.xadd(regular, 'send_msg', '{"bot_id":');
    await stage.xadd(regular, 'send_msg', '[1]');
    await stage.xadd(regular, 'send_msg', { ...about, external_id: 5 });
    await stage.xadd(regular, 'sing_song', { ...about, text: 'x' });
    await stage.xadd(regular, 'send_msg', { ...about, text: 5 });
    await stage.xadd(regular, 'send_msg', { ...about, bot_id: bot.id + 1, text: 'x' });
    await stage.xadd(regular, 'edit_msg', { ...about, text: 'x' });
    await stage.xadd(regular, 'send_msg', { ...about, text: 'x'.repeat(10 * 1024 * 1024) });
    await stage.send(bot, alice.id, 'what follows');
    await stage.drained(bot);
    const logs = await stage.logs(bot);
    expect(logs.map(({ type, status, chat_id, details }) => [type, status, chat_id, details])).toEqual([
      ['', 0, null, 'The entry has no field "type".'],
      ['send_msg', 0, null, 'The entry has no field "data".'],
      ['send_msg', 0, null, '"data" is no JSON.'],
      ['send_msg', 0, null, '"data" does not fit send_msg: (root) must be object.'],
      ['send_msg', 0, alice.id, `"data" does not fit send_msg: (root) must have required property 'text'.`],
      ['sing_song', 0, alice.id, 'The type "sing_song" is not known.'],
      ['send_msg', 0, alice.id, '"data" does not fit send_msg: /text must be string.'],
      ['send_msg', 0, alice.id, `"bot_id" is ${bot.id + 1} in the stream of the bot ${bot.id}.`],
      [
        'edit_msg',
        0,
        alice.id,
        `"data" does not fit edit_msg: (root) must have required property 'message_id'.`,
      ],
      [
        'send_msg',
        0,
        null,
        expect.stringMatching(/^"data" has 104858\d\d characters, and 1048576 are allowed\.$/),
      ],
      ['send_msg', 1, alice.id, undefined],
    ]);
    expect(logs[4]?.external_id).toBe(5);
    const dead = await stage.dead(bot);
    expect(dead).toHaveLength(10);
    const [huge] = dead.slice(-1);
    expect(huge?.['data']).toHaveLength(64 * 1024);
    expect(huge?.['cut']).toMatch(/^data: 104858\d\d characters$/);
    expect(stage.texts(bot, alice)).toEqual(['what follows']);
  });

  it('in the control stream is told where its bot can be known, and what follows it is done', async () => {
    const bot = stage.addBot('quiz_bot');
    await stage.start();
    await stage.redis.xadd(streams.control, '*', 'x', 'y');
    await stage.xadd(streams.control, 'add_bot', '{');
    await stage.xadd(streams.control, 'add_bot', { bot_id: bot.id });
    await stage.xadd(streams.control, 'drop_bot', { bot_id: bot.id });
    await stage.redis.xadd(streams.control, '*', 'type', 'pulse');
    await stage.xadd(streams.control, 'pulse', {});
    await stage.register(bot);
    expect(await stage.logs(bot)).toMatchObject([
      { details: `"data" does not fit add_bot: (root) must have required property 'token'.`, chat_id: null },
      { details: 'The type "drop_bot" is not known.' },
    ]);
    expect(stage.lines.filter((line) => line.includes('control stream was refused'))).toHaveLength(4);
    expect((await stage.redis.xpending(streams.control, 'base'))[0]).toBe(0);
  });
});
