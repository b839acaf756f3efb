import { randomUUID } from 'node:crypto';
import { type Access, createAccess } from '@heavy/access';
import {
  type DataOf,
  deadQueueName,
  type Envelope,
  exchange,
  failureCodes,
  queues,
  redisKeys,
  telegramRaw,
  telegramReply,
} from '@heavy/contracts';
import { type Broker, connectBroker, type MessagingLogger } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { createVhost, type Vhost } from '@heavy/stack';
import { FloodWait, type TelegramAccount } from '@heavy/telegram';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { accessHandlers, words } from '../src/access-words/access-handlers.ts';
import { account, admin, chatId, typed } from './typed.ts';

type Raw = DataOf<typeof telegramRaw>;
type Reply = Envelope<DataOf<typeof telegramReply>>;

const silent = () => undefined;
const quiet: MessagingLogger = { debug: silent, info: silent, warn: silent, error: silent };

const [bob, carol, otherAdmin] = [42, 43, 10] as const;
const nobody = { userId: 0, chatId: 0 };

let vhost: Vhost;
let redis: Redis;
let broker: Broker;
let model: ChannelModel;
let channel: ConfirmChannel;
let access: Access;
/** Every answer since the test began. */
let replies: Reply[];
const resolveUsername = vi.fn<TelegramAccount['resolveUsername']>();

beforeAll(async () => {
  vhost = await createVhost(inject('rabbitmq'));
  redis = new Redis(inject('redis').url, { db: 10 });
  access = createAccess(redis);
  broker = await connectBroker({
    url: vhost.url,
    service: 'gateway',
    log: quiet,
    redis,
    retryDelaysMs: [50],
  });
  model = await connect(vhost.url);
  channel = await model.createConfirmChannel();
  const log = quiet as Partial<Logger> as Logger;
  await broker.consume(
    queues.access,
    accessHandlers({ access, account: { resolveUsername }, admins: [admin, otherAdmin], log }),
  );
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, telegramReply.type);
  await channel.consume(
    queue,
    (message) => {
      if (message) replies.push(JSON.parse(message.content.toString()) as Reply);
    },
    { noAck: true },
  );
});
afterAll(async () => {
  await broker.close({ graceMs: 0 });
  await model.close();
  redis.disconnect();
  await vhost.drop();
});
beforeEach(async () => {
  replies = [];
  await redis.flushdb();
  resolveUsername.mockReset();
  resolveUsername.mockImplementation(async (username) => {
    const id = { bob, carol, boss: otherAdmin }[username.toLowerCase()];
    if (username === 'cinema') return { id: chatId, type: 'channel' };
    return id === undefined ? null : { id, type: 'private' };
  });
});

/** Publishes a command and waits until it was answered so many times since the test began. */
const say = async (data: Raw, count = replies.length + 1, id: string = randomUUID()): Promise<Reply> => {
  await broker.publish(telegramRaw, data, { id });
  return vi.waitFor(
    () => {
      expect(replies).toHaveLength(count);
      return replies.at(-1) as Reply;
    },
    { interval: 10 },
  );
};

const answer = async (data: Raw): Promise<string> => {
  const reply = (await say(data)).data;
  return 'text' in reply ? reply.text : `${reply.failure.code} ${reply.failure.context.subject ?? ''}`.trim();
};

const standing = async (userId: number, chat = nobody.chatId) => {
  const { user, chat: ofChat } = await access.of(userId, chat);
  return (user ?? ofChat)?.standing;
};

const in30Days = /until \d+ \w{3} \d{4}, \d\d:\d\d UTC \(30 days\)\.$/;

describe('accessHandlers', () => {
  it('answers .whoami where it was asked', async () => {
    const reply = await say(
      typed('.whoami', {
        sender: { id: bob },
        auth: { role: 'banned', by: 'user', mayUse: false, rateLimited: false },
      }),
    );
    expect(reply.data).toEqual({
      origin: { account, chatId, messageId: 7, userId: bob },
      text: expect.stringMatching(/^You are banned: .*\.\nYour id: 42, this chat: -1001234567890$/),
    });
  });

  it('graces a chat, for ever or for a time', async () => {
    expect(await answer(typed('.grace'))).toMatch(/ may use the commands from now on\.$/);
    expect(await access.of(nobody.userId, chatId)).toMatchObject({ chat: { standing: 'graced', by: admin } });
    expect(await redis.ttl(redisKeys.accessChat(chatId))).toBe(-1);
    expect(await answer(typed('.Grace  30D'))).toMatch(in30Days);
    expect(await redis.ttl(redisKeys.accessChat(chatId))).toBeGreaterThan(2_591_990);
  });

  it.each([
    ['.smite', /Lift it with \.pardon\.$/],
    ['.smite 1h', /Lift it with \.pardon\. It ends by that alone: smite takes no duration\.$/],
  ])('smites a chat for ever: %s', async (text, said) => {
    expect(await answer(typed(text))).toMatch(said);
    expect(await standing(nobody.userId, chatId)).toBe('smitten');
    expect(await redis.ttl(redisKeys.accessChat(chatId))).toBe(-1);
  });

  it.each<[string, Parameters<typeof typed>[1]?]>([
    ['.bless @bob 30d'],
    ['.bless  30d\n@BOB'],
    ['.bless 42424242 30d', { entities: [{ type: 'mention_name', offset: 7, length: 8, userId: bob }] }],
    ['.bless 30d', { reply: { messageId: 6, senderId: bob } }],
    ['.bless @bob 30d', { reply: { messageId: 6, senderId: carol } }],
  ])('blesses a user: %s', async (text, rest) => {
    expect(await answer(typed(text, rest))).toMatch(in30Days);
    expect(await standing(bob)).toBe('blessed');
    expect(await standing(carol)).toBeUndefined();
  });

  it('says that a blessing does not count in a smitten chat', async () => {
    await answer(typed('.smite'));
    expect(await answer(typed('.bless @bob'))).toMatch(/^@bob may .* Not in this chat, though/);
  });

  it('hammers a user by id, and a channel that writes in a group by reply', async () => {
    expect(await answer(typed('.hammer 7000000002'))).toMatch(/^User 7000000002 may not /);
    expect(await standing(7_000_000_002)).toBe('banned');
    expect(await answer(typed('.hammer', { reply: { messageId: 6, senderId: chatId } }))).toMatch(
      /^Whoever posts as -1001234567890 may not .* \.pardon -1001234567890\.$/,
    );
    expect(await access.of(chatId, chatId)).toMatchObject({ user: { standing: 'banned' }, chat: null });
  });

  it('lets go of what Redis has let go of', async () => {
    expect(await answer(typed('.hammer @bob 1s'))).toMatch(/\(1 second\)\.$/);
    expect(await standing(bob)).toBe('banned');
    await vi.waitFor(async () => expect(await standing(bob)).toBeUndefined());
    expect(await answer(typed('.pardon @bob'))).toMatch(/^@bob was neither blessed nor banned/);
  });

  it('pardons a user by name or reply, and alone the chat', async () => {
    for (const text of ['.hammer @bob', '.bless @carol', '.grace']) await answer(typed(text));
    expect(await answer(typed('.pardon', { reply: { messageId: 6, senderId: bob } }))).toMatch(
      /^Whoever wrote that \(42\) is no longer banned.* This chat is graced/,
    );
    expect(await standing(bob)).toBeUndefined();
    expect(await standing(nobody.userId, chatId)).toBe('graced');
    expect(await answer(typed('.pardon @carol'))).toMatch(/^@carol is no longer blessed/);
    expect(await answer(typed('.pardon'))).toBe('This chat is no longer graced: it is like any other.');
    expect(await access.list()).toEqual([]);
  });

  it('calls by name whom a reply means, in one line', async () => {
    const reply = { messageId: 6, senderId: bob, senderName: ' Bob\n\u202e“the builder” ' };
    expect(await answer(typed('.bless', { reply }))).toBe(
      '“Bob “the builder”” (42) may use the commands everywhere from now on.',
    );
    expect(await access.audit({ limit: 1 })).toMatchObject([{ name: 'Bob “the builder”' }]);
    expect(await answer(typed('.pardon', { reply: { ...reply, senderName: '\u202e\n' } }))).toMatch(
      /^Whoever wrote that \(42\) is no longer blessed/,
    );
  });

  it('notes who did what to whom and where', async () => {
    const data = typed('.hammer @bob 1h');
    await say(data, 1, 'event-1');
    expect(await access.audit({ limit: 9 })).toEqual([
      expect.objectContaining({
        ...{ word: 'hammer', by: admin, target: { kind: 'user', id: bob }, name: '@bob', chatId },
        ...{ eventId: 'event-1', until: (await access.of(bob, chatId)).user?.until },
      }),
    ]);
  });

  it('holds to what was said last, however late what was said before it comes', async () => {
    const at = (text: string, date: number, id: number) => {
      const raw = typed(text);
      return { ...raw, message: { ...raw.message, date, id } };
    };
    const found = Promise.withResolvers<{ id: number; type: 'private' }>();
    resolveUsername.mockReturnValueOnce(found.promise);
    await broker.publish(telegramRaw, at('.bless @bob', 100, 1), { id: randomUUID() });
    await vi.waitFor(() => expect(resolveUsername).toHaveBeenCalledTimes(1));
    expect(await answer(at('.hammer @bob', 100, 2))).toMatch(/^@bob may not /);
    found.resolve({ id: bob, type: 'private' });
    await vi.waitFor(() => expect(replies).toHaveLength(2));
    expect(replies.at(-1)?.data).toMatchObject({ text: expect.stringMatching(/^Nothing has changed: /) });
    expect(await standing(bob)).toBe('banned');
    expect(await access.audit({ limit: 9 })).toHaveLength(1);
  });

  it('does once what comes twice, and says the same under the same id', async () => {
    const data = typed('.hammer @bob 1h');
    const first = await say(data, 1, 'event-2');
    const then = await access.of(bob, chatId);
    await answer(typed('.pardon @bob'));
    // As if the process had died before it could record that the event was handled.
    await redis.del(redisKeys.handled(queues.access.name, 'event-2'));
    const second = await say(data, 3, 'event-2');
    expect(second).toMatchObject({ id: first.id, data: first.data });
    expect(then.user?.standing).toBe('banned');
    expect(await standing(bob)).toBeUndefined();
    expect(await access.audit({ limit: 9 })).toHaveLength(2);
  });

  it.each<[string, string, Parameters<typeof typed>[1]?]>([
    ['.bless', 'target_missing'],
    ['.hammer 15m', 'target_missing'],
    ['.hammer 15m', 'target_missing', { reply: { messageId: 6 } }],
    ['.pardon', 'target_missing', { reply: { messageId: 6 } }],
    ['.bless @nobody', 'user_unknown @nobody'],
    ['.bless @cinema', 'user_unknown @cinema'],
    ['.bless @bob soon', 'duration_invalid soon'],
    ['.grace 3 parsecs', 'duration_invalid 3 parsecs'],
    ['.hammer 86400', 'duration_invalid 86400', { reply: { messageId: 6, senderId: bob } }],
    [`.grace ${'9'.repeat(99)}🐯`, `duration_invalid ${'9'.repeat(99)}`],
    ['.hammer @boss', 'admin_untouchable'],
    ['.bless', 'admin_untouchable', { reply: { messageId: 6, senderId: account } }],
    ['.pardon', 'admin_untouchable', { reply: { messageId: 6, senderId: admin } }],
  ])('changes nothing by %j: %s', async (text, failure, rest) => {
    expect(await answer(typed(text, rest))).toBe(failure);
    expect(failureCodes).toContain(failure.split(' ')[0]);
    expect(await access.audit({ limit: 1 })).toEqual([]);
    expect(await access.list()).toEqual([]);
  });

  it.each(['.grace @bob', '.smite @bob', '.pardon bob', '.pardon @bob 1h', '.hammer @bob @carol 1h'])(
    'changes nothing by %s, and says what the word takes',
    async (text) => {
      expect(await answer(typed(text))).toMatch(/^Nothing has changed: /);
      expect(await access.audit({ limit: 1 })).toEqual([]);
    },
  );

  it.each(words.filter((word) => word !== 'whoami'))('obeys .%s of admins only', async (word) => {
    for (const role of ['banned', 'blessed', 'unmolested'] as const) {
      const auth = { role, rateLimited: false };
      expect(await answer(typed(`.${word} @bob`, { sender: { id: bob }, auth }))).toBe('admin_word');
    }
    expect(await access.audit({ limit: 1 })).toEqual([]);
    expect(resolveUsername).not.toHaveBeenCalled();
  });

  it('waits where Telegram does not tell who has a name', async () => {
    resolveUsername.mockRejectedValueOnce(new FloodWait(1, 'contacts.ResolveUsername'));
    expect(await answer(typed('.bless @bob'))).toMatch(/^@bob may use /);
    expect(resolveUsername).toHaveBeenCalledTimes(2);
  });

  it('says that something went wrong where that never ends', async () => {
    resolveUsername.mockRejectedValue(new FloodWait(1, 'contacts.ResolveUsername'));
    expect(await answer(typed('.bless @bob'))).toBe('internal');
    await vi.waitFor(async () =>
      expect((await channel.checkQueue(deadQueueName(queues.access.name))).messageCount).toBe(1),
    );
    expect(replies).toHaveLength(1);
  });

  it.each(['.vdl https://example.com', '.constructor'])('leaves %s to others', async (text) => {
    await broker.publish(telegramRaw, typed(text), { id: 'event-3' });
    await vi.waitFor(async () =>
      expect(await redis.exists(redisKeys.handled(queues.access.name, 'event-3'))).toBe(1),
    );
    expect(replies).toEqual([]);
  });
});
