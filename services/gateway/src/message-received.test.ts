import { type DataOf, redisKeys, type telegramRaw } from '@heavy/contracts';
import { type Broker, currentContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import {
  CallTimedOut,
  FloodWait,
  type IncomingMessage,
  Refused,
  type TelegramAccount,
  TelegramUnavailable,
} from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { messageReceived } from './message-received.ts';
import { correlationIdOf, eventIdOf } from './raw-event.ts';

const message: IncomingMessage = {
  ...{ chat: { id: -2, type: 'group' }, id: 7, date: 0, edited: false, text: '.vdl x', entities: [] },
  ...{ outgoing: false, sender: { id: 4 }, receivedAt: 0 },
};
const quoted: IncomingMessage = { ...message, id: 6, text: 'https://example.com/a' };

const silent = () => undefined;

const createWorld = (openTo: 'admins' | 'everyone' = 'everyone') => {
  const published: { data: DataOf<typeof telegramRaw>; id?: string; correlationId?: string }[] = [];
  const getMessage = vi.fn<TelegramAccount['getMessage']>(async () => quoted);
  const receive = messageReceived({
    account: { identity: { id: 1 }, getMessage } as unknown as TelegramAccount,
    broker: {
      publish: async (_: unknown, data: DataOf<typeof telegramRaw>, { id = '' } = {}) => {
        published.push({ data, id, correlationId: currentContext()?.correlationId ?? '' });
        return id;
      },
    } as Partial<Broker> as Broker,
    redis: {
      hexists: async (key: string, word: string) => Number(key === redisKeys.commandWords && word === 'vdl'),
    } as unknown as Redis,
    log: { info: silent, warn: silent } as Partial<Logger> as Logger,
    config: { ADMIN_IDS: [9], OPEN_TO: openTo },
    dispatched: silent,
  });
  return { receive, published, getMessage };
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('messageReceived', () => {
  it('publishes a command under ids that are the message’s', async () => {
    const { receive, published } = createWorld();
    await receive(message);
    expect(published).toEqual([
      {
        data: expect.objectContaining({ command: { word: 'vdl' } }),
        ...{ id: eventIdOf(1, message), correlationId: correlationIdOf(1, message) },
      },
    ]);
  });

  it.each<[name: string, message: IncomingMessage]>([
    ['an edited message', { ...message, edited: true }],
    ['a word that nobody registered', { ...message, text: '.foo x' }],
    ['a text that only mentions the word', { ...message, text: 'try .vdl x' }],
  ])('ignores %s', async (_, ignored) => {
    const { receive, published } = createWorld();
    await receive(ignored);
    expect(published).toEqual([]);
  });

  it.each<[name: string, message: IncomingMessage, published: number]>([
    ['a stranger', message, 0],
    ['an admin', { ...message, sender: { id: 9 } }, 1],
    ['the account itself', { ...message, sender: { id: 1 }, outgoing: true }, 1],
  ])('open to admins: %s', async (_, of, count) => {
    const { receive, published } = createWorld('admins');
    await receive(of);
    expect(published).toHaveLength(count);
  });

  it('brings the message that it replies to', async () => {
    const { receive, published } = createWorld();
    await receive({ ...message, replyTo: 6 });
    expect(published[0]?.data.reply).toEqual({ messageId: 6, text: quoted.text, entities: [], senderId: 4 });
  });

  it.each([new FloodWait(20, 'x'), new CallTimedOut('x'), new TelegramUnavailable('INTERNAL', 'x')])(
    'fetches it later after %s',
    async (error) => {
      const { receive, published, getMessage } = createWorld();
      getMessage.mockRejectedValueOnce(error);
      const received = receive({ ...message, replyTo: 6 });
      await vi.advanceTimersByTimeAsync(0);
      if (error instanceof FloodWait) {
        await vi.advanceTimersByTimeAsync(19_999);
        expect(getMessage).toHaveBeenCalledOnce();
      }
      await vi.advanceTimersByTimeAsync(20_000);
      await received;
      expect(published[0]?.data.reply?.text).toBe(quoted.text);
    },
  );

  it.each([
    ['is refused', new Refused('CHANNEL_PRIVATE', 'x')],
    ['has to be waited for too long', new FloodWait(3600, 'x')],
  ])('publishes without it where it %s', async (_, error) => {
    const { receive, published, getMessage } = createWorld();
    getMessage.mockRejectedValue(error);
    await receive({ ...message, replyTo: 6 });
    expect(published[0]?.data.reply).toEqual({ messageId: 6 });
    expect(getMessage).toHaveBeenCalledOnce();
  });
});
