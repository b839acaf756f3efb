import {
  downloadProgress,
  type Origin,
  redisKeys,
  telegramEdit,
  telegramReply,
  videoFailed,
  videoReady,
} from '@heavy/contracts';
import { PermanentError } from '@heavy/messaging';
import { PeerFlood, PeerUnknown, Refused, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createChat, createSender, eventOf, newObject, newOrigin } from './fixture.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redis').url);
});
afterAll(() => redis.disconnect());

const failed = (origin: Origin) =>
  eventOf(videoFailed, { origin, failure: { code: 'not_found', context: {} } });
const queued = (origin: Origin) => eventOf(downloadProgress, { origin, phase: 'queued' });
const ready = (origin: Origin) =>
  eventOf(videoReady, {
    origin,
    object: newObject(),
    media: { title: 'A film', durationS: 1, sourceUrl: 'https://example.com/v' },
  });

const refuse = (code: string) => async () => Promise.reject(new Refused(code, 'x'));
const texts = (chat: ReturnType<typeof createChat>) => chat.messages().map(({ text }) => text);

/** A sender whose account differs from Telegram's in some methods. */
const world = (own: Partial<TelegramAccount> = {}) => {
  const chat = createChat();
  const account = { ...chat.account, ...own };
  return { chat, account, sender: createSender({ account, redis }), origin: newOrigin() };
};

describe('senderHandlers', () => {
  it('turn the status message into the sentence', async () => {
    const { chat, sender, origin } = world();
    await sender.handle(queued(origin));
    const [status] = chat.messages();
    await sender.handle(failed(origin));
    expect(chat.messages()).toMatchObject([
      { id: status?.id, text: expect.stringContaining('nothing at that') },
    ]);
    expect(sender.published).toMatchObject([
      { type: 'events.telegram.sent', data: { messageIds: [status?.id] } },
    ]);
  });

  it('reply with the sentence, and take the status message away, where it cannot be edited', async () => {
    const { chat, sender, origin } = world({ editText: refuse('MESSAGE_EDIT_TIME_EXPIRED') });
    await sender.handle(queued(origin));
    await sender.handle(failed(origin));
    expect(texts(chat)).toEqual([expect.stringContaining('nothing at that link')]);
  });

  it('say that a command was answered also where its status message cannot be taken away', async () => {
    const { chat, sender, origin } = world({ deleteMessages: refuse('MESSAGE_DELETE_FORBIDDEN') });
    await sender.handle(queued(origin));
    await sender.handle(ready(origin));
    expect(chat.messages().filter(({ media }) => media)).toHaveLength(1);
    expect(sender.published.map(({ type }) => type)).toEqual(['events.telegram.sent']);
  });

  it.each([
    ['CHAT_SEND_VIDEOS_FORBIDDEN', 'does not let me send media'],
    ['MEDIA_INVALID', 'wrong on my side'],
  ])('say why the media did not come: %s', async (code, sentence) => {
    const { chat, sender, origin } = world({ sendMedia: refuse(code) });
    await sender.handle(ready(origin));
    expect(texts(chat)).toEqual([expect.stringContaining(sentence)]);
  });

  it.each([new Refused('CHAT_WRITE_FORBIDDEN', 'x'), new PeerFlood('PEER_FLOOD', 'x')])(
    'publish that an answer could not be sent: %s',
    async (error) => {
      const { chat, sender, origin } = world({ sendText: async () => Promise.reject(error) });
      const event = failed(origin);
      await sender.handle(event);
      expect(chat.messages()).toEqual([]);
      const { account, chatId } = origin;
      expect(sender.published).toEqual([
        {
          type: 'events.telegram.send_failed',
          data: { commandId: event.id, commandType: event.type, account, chatId, error: error.code },
        },
      ]);
    },
  );

  it('survive that everything is refused while a step is still on its way', async () => {
    const gate = Promise.withResolvers<void>();
    const { sender, origin } = world({
      editText: () => gate.promise,
      sendMedia: refuse('CHAT_SEND_VIDEOS_FORBIDDEN'),
      sendText: refuse('CHAT_WRITE_FORBIDDEN'),
    });
    await redis.hset(redisKeys.answer(origin.account, origin.chatId, origin.messageId), 'status', 5);
    const handled = sender.handle(ready(origin));
    // The step may end at any time later; until then nothing may be left without a listener.
    setTimeout(() => gate.reject(new Refused('MESSAGE_ID_INVALID', 'x')), 50);
    await handled;
    expect(sender.published.map(({ type }) => type)).toEqual(['events.telegram.send_failed']);
  });

  it('show one step at a time of an upload that is faster than its steps', async () => {
    const gate = Promise.withResolvers<void>();
    const editText = vi.fn(() => gate.promise);
    const { sender, origin, chat } = world({
      editText,
      upload: async ({ name, sizeBytes, onProgress }) => {
        for (let sent = 1; sent <= sizeBytes; sent += 1) onProgress?.(sent);
        // The last part is taken only now.
        setTimeout(gate.resolve, 50);
        return { fileId: '1', parts: 1, name, sizeBytes };
      },
    });
    await sender.handle(queued(origin));
    await sender.handle(ready(origin));
    expect(editText).toHaveBeenCalledOnce();
    expect(chat.messages()).toMatchObject([{ media: true }]);
  });

  it('leave no status message of a step that was still on its way when the media was sent', async () => {
    const gate = Promise.withResolvers<void>();
    const { chat, origin } = world();
    const { sendText, sendMedia } = chat.account;
    const account: TelegramAccount = {
      ...chat.account,
      sendText: (message) => gate.promise.then(() => sendText(message)),
      sendMedia: async (message) => {
        setTimeout(gate.resolve, 50);
        return sendMedia(message);
      },
    };
    await createSender({ account, redis }).handle(ready(origin));
    await gate.promise;
    expect(chat.messages()).toMatchObject([{ media: true }]);
  });

  it('drop steps that have become stale while they waited for their turn', async () => {
    const gate = Promise.withResolvers<void>();
    const { chat, sender, origin } = world();
    const { sendText } = chat.account;
    const sending = Promise.withResolvers<void>();
    chat.account.sendText = async (message) => {
      sending.resolve();
      await gate.promise;
      return sendText(message);
    };
    const slow = createSender({ account: chat.account, redis });
    const first = slow.handle(queued(origin));
    const stale = slow.handle(eventOf(downloadProgress, { origin, phase: 'downloading', bytes: 1000 }));
    await sending.promise;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15_001 });
    gate.resolve();
    await Promise.all([first, stale]).finally(() => vi.useRealTimers());
    expect(texts(chat)).toEqual(['… queued']);
    expect(sender.published).toEqual([]);
  });

  it('answer a command of which an outcome was given up', async () => {
    const { chat, sender, origin } = world({ sendMedia: async () => Promise.reject(new Error('a bug')) });
    const event = ready(origin);
    await sender.handle(queued(origin));
    await expect(sender.handle(event)).rejects.toThrow('a bug');
    await sender.giveUp(event);
    expect(texts(chat)).toEqual([expect.stringContaining('wrong on my side')]);
  });

  it.each([
    ['an outcome', (origin: Origin) => failed(origin)],
    ['a text', (origin: Origin) => eventOf(telegramReply, { origin, text: 'hello' })],
    [
      'an edit',
      ({ account, chatId, messageId }: Origin) =>
        eventOf(telegramEdit, { target: { account, chatId, messageId }, text: 'hello' }),
    ],
  ])('publish that %s could not be sent when it is given up, and nobody can be told', async (_, eventAt) => {
    const unknown = async () => Promise.reject(new PeerUnknown(7));
    const { sender, origin } = world({ sendText: unknown, editText: unknown });
    const event = eventAt(origin);
    await expect(sender.handle(event)).rejects.toThrow(PeerUnknown);
    await sender.giveUp(event);
    expect(sender.published).toMatchObject([
      { type: 'events.telegram.send_failed', data: { commandId: event.id } },
    ]);
  });

  it('send a text of any length, in parts that are answers and no commands', async () => {
    const { chat, sender, origin } = world();
    await sender.handle(eventOf(telegramReply, { origin, text: `.${'x'.repeat(4095)}\n.vdl y` }));
    expect(chat.messages()).toMatchObject([
      { text: `․${'x'.repeat(4095)}`, replyTo: origin.messageId },
      { text: '․vdl y', replyTo: origin.messageId },
    ]);
    expect(sender.published).toMatchObject([{ data: { messageIds: chat.messages().map(({ id }) => id) } }]);
  });

  it('cut a text that is too long for the message that it is to replace', async () => {
    const { chat, sender, origin } = world();
    await sender.handle(eventOf(telegramReply, { origin, text: 'hello' }));
    const { account, chatId } = origin;
    const target = { account, chatId, messageId: chat.messages()[0]?.id ?? 0 };
    await sender.handle(eventOf(telegramEdit, { target, text: 'x'.repeat(5000) }));
    expect(texts(chat)).toEqual([`${'x'.repeat(4095)}…`]);
  });

  it('take a repeat whose first cannot be found again for sent', async () => {
    const { chat, sender, origin } = world({
      sendText: async () => ({ messageId: null, duplicate: true }),
    });
    const event = failed(origin);
    await sender.handle(event);
    await sender.handle(event);
    expect(chat.messages()).toEqual([]);
    expect(sender.published).toMatchObject([{ data: { messageIds: [] } }, { data: { messageIds: [] } }]);
  });

  it('do not take a fault of Redis for an outcome that another event has', async () => {
    const { sender, origin } = world();
    await redis.set(redisKeys.answer(origin.account, origin.chatId, origin.messageId), 'no hash');
    await expect(sender.handle(failed(origin))).rejects.toThrow('WRONGTYPE');
  });

  it('forget the record of an answer after a week', async () => {
    const { sender, origin } = world();
    await sender.handle(failed(origin));
    const ttl = await redis.ttl(redisKeys.answer(origin.account, origin.chatId, origin.messageId));
    expect(ttl).toBeGreaterThan(6 * 24 * 3600);
  });

  it('record for a week which command the status message and the outcome answer', async () => {
    const { chat, sender, origin } = world();
    const commandOf = (id = 0) => redis.get(redisKeys.commandOf(origin.account, origin.chatId, id));
    await sender.handle(queued(origin));
    const [status] = chat.messages();
    expect(await commandOf(status?.id)).toBe(`${origin.messageId}`);
    await sender.handle(ready(origin));
    const [film] = chat.messages();
    expect(film).toMatchObject({ media: true });
    expect(await commandOf(film?.id)).toBe(`${origin.messageId}`);
    const ttl = await redis.ttl(redisKeys.commandOf(origin.account, origin.chatId, film?.id ?? 0));
    expect(ttl).toBeGreaterThan(6 * 24 * 3600);
  });

  it('show the last step when the interval is over, where no outcome has come', async () => {
    const { chat, account, origin } = world();
    const sender = createSender({ account, redis, statusIntervalMs: 200 });
    await sender.handle(
      eventOf(downloadProgress, { origin, phase: 'downloading', bytes: 99, totalBytes: 100 }),
    );
    await sender.handle(eventOf(downloadProgress, { origin, phase: 'converting' }));
    expect(texts(chat)).toEqual([expect.stringContaining(' 99 % ')]);
    await vi.waitFor(() => expect(texts(chat)).toEqual(['… converting']));
  });

  it('show no step any more that was put off when the outcome came', async () => {
    const { chat, account, origin } = world();
    const sender = createSender({ account, redis, statusIntervalMs: 1000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await sender.handle(queued(origin));
      await sender.handle(eventOf(downloadProgress, { origin, phase: 'probing' }));
      expect(vi.getTimerCount()).toBe(1);
      await sender.handle(failed(origin));
      expect(vi.getTimerCount()).toBe(0);
      expect(texts(chat)).toEqual([expect.stringContaining('nothing at that link')]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('wait for a step that is on its way, so that it does not stand above the outcome', async () => {
    const gate = Promise.withResolvers<void>();
    const { chat, origin } = world();
    const { editText } = chat.account;
    const editing = vi.fn<TelegramAccount['editText']>(async (edit) => {
      if (edit.text.startsWith('… ')) await gate.promise;
      return editText(edit);
    });
    const account = { ...chat.account, editText: editing };
    const sender = createSender({ account, redis, statusIntervalMs: 100 });
    await sender.handle(queued(origin));
    await sender.handle(eventOf(downloadProgress, { origin, phase: 'probing' }));
    await vi.waitFor(() => expect(editing).toHaveBeenCalledOnce());
    const ended = sender.handle(failed(origin));
    // Comes after whatever the outcome would do meanwhile.
    setTimeout(gate.resolve, 100);
    await ended;
    await Promise.all(editing.mock.results.map(({ value }) => value));
    expect(texts(chat)).toEqual([expect.stringContaining('nothing at that link')]);
  });

  it('leave alone what is for another account', async () => {
    const { chat, sender, origin } = world();
    const event = failed({ ...origin, account: 2 });
    await expect(sender.handle(event)).rejects.toThrow(PermanentError);
    await sender.giveUp(event);
    expect(chat.messages()).toEqual([]);
    expect(sender.published).toEqual([]);
  });
});
