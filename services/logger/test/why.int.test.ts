import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  commandCorrelationId,
  type DataOf,
  type Envelope,
  exchange,
  type LogRecord,
  logRoutingKey,
  logsExchange,
  queues,
  redisKeys,
  telegramRaw,
  telegramReply,
} from '@heavy/contracts';
import { type Broker, connectBroker, type MessagingLogger } from '@heavy/messaging';
import { endAll, startProcess } from '@heavy/service/testing';
import { createVhost, type Vhost } from '@heavy/stack';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { openLogReader } from '../src/log-query.ts';

type Raw = DataOf<typeof telegramRaw>;
type Reply = Envelope<Extract<DataOf<typeof telegramReply>, { origin: object; text: string }>>;

const main = new URL('../src/main.ts', import.meta.url);
/** On a busy machine a process takes seconds to start. */
const eventually = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 20_000, interval: 20 });
const silent = () => undefined;
const quiet: MessagingLogger = { debug: silent, info: silent, warn: silent, error: silent };

const account = 1;
const [here, elsewhere] = [-1_001_234_567_890, -42] as const;
const [alice, admin] = [4, 9] as const;

let dir: string;
let path: string;
let vhost: Vhost;
let redis: Redis;
let broker: Broker;
let model: ChannelModel;
let channel: ConfirmChannel;
/** Every answer since the test began. */
let replies: Reply[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'heavy-why-'));
  path = join(dir, 'logs.db');
  vhost = await createVhost(inject('rabbitmq'));
  const redisUrl = `${inject('redis').url}/13`;
  redis = new Redis(redisUrl);
  await redis.flushdb();
  const logger = startProcess(main, { RABBITMQ_URL: vhost.url, REDIS_URL: redisUrl, LOGS_DB: path });
  await logger.says('ready');
  broker = await connectBroker({ url: vhost.url, service: 'test', log: quiet, redis });
  model = await connect(vhost.url);
  channel = await model.createConfirmChannel();
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
  await endAll();
  await broker.close({ graceMs: 0 });
  await model.close();
  redis.disconnect();
  await vhost.drop();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  replies = [];
});

let lastMessageId = 0;
const nextMessageId = (): number => {
  lastMessageId += 1;
  return lastMessageId;
};

/** Puts lines into the log, and waits until the logger has stored them. */
const log = async (...records: Partial<LogRecord>[]): Promise<void> => {
  const marker = randomUUID();
  for (const record of [...records, { correlationId: marker }]) {
    const line = { time: Date.now(), level: 'info', service: 'gateway', ...record } as LogRecord;
    const body = Buffer.from(JSON.stringify(line));
    channel.publish(logsExchange, logRoutingKey(line.service, line.level), body);
  }
  await eventually(() => {
    const reader = openLogReader(path);
    try {
      expect(reader.candidates(marker)).toHaveLength(1);
    } finally {
      reader.close();
    }
  });
};

/** A command as the log tells it. */
const typed = async (chatId: number, correlationId?: string) => {
  const messageId = nextMessageId();
  const id = correlationId ?? commandCorrelationId({ account, chatId, messageId });
  const time = Date.now();
  await log(
    { time, correlationId: id, step: 'received', word: 'vdl', chatId, userId: alice, userName: 'alice' },
    {
      time: time + 1,
      correlationId: id,
      service: 'media-pirate',
      step: 'asked',
      url: `https://a.b/${messageId}`,
    },
    { time: time + 2, correlationId: id, service: 'media-pirate', msg: 'a detail' },
    { time: time + 3, correlationId: id, service: 'sender', step: 'answered', messageIds: [1] },
  );
  return { messageId, id, short: id.slice(0, 8), url: `https://a.b/${messageId}` };
};

interface Question {
  chatId?: number;
  role?: 'admin' | 'unmolested';
  reply?: Raw['reply'];
  topicId?: number;
  eventId?: string;
}

const rawOf = (text: string, { chatId = here, role = 'unmolested', reply, topicId }: Question): Raw => ({
  account,
  chat: { id: chatId, type: 'supergroup' },
  message: {
    ...{ id: nextMessageId(), text, entities: [], date: 0, outgoing: false },
    ...(topicId === undefined ? {} : { topicId }),
  },
  sender: { id: role === 'admin' ? admin : alice },
  ...(reply === undefined ? {} : { reply }),
  command: { word: /^\.(\w+)/.exec(text)?.[1] ?? '' },
  auth: { role, rateLimited: false },
  receivedAt: new Date().toISOString(),
  dispatchMs: 0,
});

/** Types it, and returns the answer. */
const ask = async (text: string, question: Question = {}): Promise<string> => {
  const before = replies.length;
  await broker.publish(telegramRaw, rawOf(text, question));
  await eventually(() => expect(replies.length).toBe(before + 1));
  return replies.at(-1)?.data.text ?? '';
};

describe('.why', () => {
  it('is registered, and is answered in the chat and topic where it was typed', async () => {
    expect(await redis.hget(redisKeys.commandWords, 'why')).toBe('logger');
    const { short, url } = await typed(here);
    const text = await ask(`.why (id ${short})`, { topicId: 3 });
    expect(text.split('\n').map((line) => line.split('  ').at(-1))).toEqual([
      `${short}, .vdl ${url}`,
      'received from alice',
      'answered',
      'Times are UTC.',
    ]);
    expect(replies[0]?.data.origin).toEqual({
      ...{ account, chatId: here, topicId: 3, userId: alice },
      messageId: lastMessageId,
    });
  });

  it('answers nothing but its own word', async () => {
    const id = await broker.publish(telegramRaw, rawOf('.vdl https://a.b', {}));
    await eventually(async () =>
      expect(await redis.exists(redisKeys.handled(queues.history.name, id))).toBe(1),
    );
    expect(await ask('.why')).toMatch(/^Reply with \.why/);
    expect(replies).toHaveLength(1);
  });

  it('tells nobody but an admin of a command in another chat, nor that there is one', async () => {
    const { short, id } = await typed(elsewhere);
    const unknown = await ask('.why 01234567');
    expect(unknown).toContain('I know nothing of 01234567');
    expect(await ask(`.why ${short}`)).toBe(unknown.replace('01234567', short));
    expect(await ask(`.why ${id}`)).toBe(unknown.replace('01234567', id));
    expect(
      await ask('.why', { reply: { messageId: 1_000_000, text: `Failed. (id ${short})` } }),
    ).not.toContain('received');
    expect(await ask(`.why ${short}`, { role: 'admin' })).toContain('received from alice');
    expect(await ask(`.why ${short}`, { chatId: elsewhere })).toContain('received from alice');
  });

  it('takes the newest of this chat where a prefix means several, and asks an admin elsewhere for more', async () => {
    const prefix = 'feedbee';
    const far = [await typed(elsewhere, `${prefix}1-0000`), await typed(elsewhere, `${prefix}2-0000`)];
    await typed(here, `${prefix}3-0000`);
    const near = await typed(here, `${prefix}4-0000`);
    await typed(elsewhere, `${prefix}5-0000`);
    expect(await ask(`.why ${prefix}`)).toContain(near.url);
    expect(await ask(`.why ${prefix}`, { role: 'admin' })).toContain(near.url);
    const text = await ask(`.why ${prefix}`, { role: 'admin', chatId: 77 });
    expect(text).toMatch(/^Several commands begin like that/);
    for (const { id } of far) expect(text).toContain(id);
    expect(await ask(`.why ${prefix}`, { chatId: 77 })).toContain(`I know nothing of ${prefix}`);
  });

  it('explains the command that it replies to', async () => {
    const { messageId, url } = await typed(here);
    expect(await ask('.why', { reply: { messageId } })).toContain(url);
    expect(await ask('.why did that take a decade', { reply: { messageId } })).toContain(url);
  });

  it('explains a command in another chat that it replies to, to admins only', async () => {
    const [there, same] = [await typed(elsewhere), await typed(here)];
    const reply = { messageId: there.messageId, chatId: elsewhere };
    expect(await ask('.why', { reply })).toMatch(/^I know nothing of that/);
    expect(await ask('.why', { reply, role: 'admin' })).toContain(there.url);
    const unknown = { messageId: same.messageId, chatId: elsewhere };
    expect(await ask('.why', { reply: unknown, role: 'admin' })).toMatch(/^I know nothing of that/);
  });

  it('explains the command that a message of ours answers', async () => {
    const { messageId, url, short } = await typed(here);
    const status = nextMessageId();
    await redis.set(redisKeys.commandOf(account, here, status), messageId);
    expect(await ask('.why', { reply: { messageId: status, text: '… downloading' } })).toContain(url);
    const old = nextMessageId();
    expect(await ask('.why', { reply: { messageId: old, text: `Too slow. (id ${short})` } })).toContain(url);
    expect(await ask('.why', { reply: { messageId: old, text: 'hello' } })).toMatch(
      /^I know nothing of that/,
    );
  });

  it('publishes the same event when its question is delivered again', async () => {
    const { short } = await typed(here);
    const raw = rawOf(`.why ${short}`, {});
    const id = randomUUID();
    const key = redisKeys.handled(queues.history.name, id);
    for (const count of [1, 2]) {
      await broker.publish(telegramRaw, raw, { id });
      await eventually(() => expect(replies).toHaveLength(count));
      await eventually(async () => expect(await redis.exists(key)).toBe(1));
      // As if the first had died before it said that it is done.
      await redis.del(key);
    }
    expect(replies[1]).toMatchObject({ id: replies[0]?.id, causationid: id, data: replies[0]?.data });
  });
});
