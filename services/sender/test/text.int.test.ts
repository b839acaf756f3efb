import { Readable } from 'node:stream';
import { type Origin, telegramEdit, telegramReply, telegramSendMedia } from '@heavy/contracts';
import { type LocalTelegram, startLocalTelegram, type WorldMessage } from '@heavy/local-telegram';
import type { MediaStore } from '@heavy/media';
import { createAccount, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createSender, eventOf, newObject, quiet } from './fixture.ts';

let redis: Redis;
let telegram: LocalTelegram;
let account: TelegramAccount;
let chat: ReturnType<LocalTelegram['world']['addGroup']>;

beforeAll(async () => {
  redis = new Redis(inject('redis').url, { db: 13 });
  // Every data centre gives its first people and chats the same ids.
  await redis.flushdb();
  telegram = await startLocalTelegram();
  const { world } = telegram;
  world.addUser('alice');
  world.addUser('heavy');
  account = createAccount({
    ...{ session: world.mintSession('heavy'), apiId: 1, apiHash: 'hash' },
    ...{ endpoint: telegram.endpoint, log: quiet },
  });
  await account.connect();
});

afterAll(async () => {
  await account.close();
  await telegram.close();
  redis.disconnect();
});

beforeEach(() => {
  telegram.faults.clear();
  chat = telegram.world.addGroup('Film club', { members: ['alice', 'heavy'] });
});

const asks = (): { asked: WorldMessage; origin: Origin } => {
  const { world } = telegram;
  const [alice, heavy] = [world.user('alice'), world.user('heavy')];
  const asked = alice.in(chat).says('.why');
  return {
    asked,
    origin: { account: heavy.id, chatId: chat.id, messageId: asked.idFor(heavy), userId: alice.id },
  };
};

const store = {
  read: async (_key, range) => Readable.from([Buffer.alloc((range?.end ?? 0) - (range?.start ?? 0) + 1)]),
} satisfies Partial<MediaStore> as Partial<MediaStore> as MediaStore;

/** A sender that dies with its n-th text: before Telegram has it, or after. */
const sender = (dies?: { at: number; when: 'before' | 'after' }) => {
  let sent = 0;
  const sendText: TelegramAccount['sendText'] = async (message) => {
    sent += 1;
    if (dies && sent >= dies.at && dies.when === 'before') throw new Error('died');
    const result = await account.sendText(message);
    if (dies && sent >= dies.at) throw new Error('died');
    return result;
  };
  const used = new Proxy(account, {
    get: (target, name) => {
      if (name === 'sendText') return sendText;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return createSender({ account: used, redis, store });
};

const answers = () => chat.messages().filter(({ text }) => text !== '.why');
const ids = () => answers().map((message) => message.idFor(telegram.world.user('heavy')));
/** What the messages say, without the white space, of which a break may take some. */
const said = (messages: { text: string }[]) =>
  messages
    .map(({ text }) => text)
    .join('')
    .replace(/\s/gu, '');
const covered = ({ text, entities }: WorldMessage, type: string) =>
  entities.filter((one) => one.type === type).map((one) => text.slice(one.offset, one.offset + one.length));

const saidBy = (request: object): string => ('message' in request ? `${request.message}` : '');

const names = Array.from({ length: 200 }, (_, number) => `Line ${number} & “${number}”`);
const filler = 'text of no format that fills it ';

describe('senderHandlers', () => {
  it.each([
    ['html', (name: string) => `<b>${name.replace('&', '&amp;')}</b> ${filler}`],
    ['markdown', (name: string) => `*${name}* ${filler}`],
  ] as const)(
    'send 10,000 units of %s as three messages in order, with their formatting',
    async (format, line) => {
      const { asked, origin } = asks();
      const text = names.map(line).join('\n');
      const plain = names.map((name) => `${name} ${filler}`).join('\n');
      expect(plain.length).toBeGreaterThan(2 * 4096);
      expect(plain.length).toBeLessThan(3 * 4096);
      const { handle, published } = sender();
      await handle(eventOf(telegramReply, { origin, text, format }));
      expect(answers()).toHaveLength(3);
      expect(answers().map(({ replyTo }) => replyTo)).toEqual([asked, asked, asked]);
      expect(said(answers())).toBe(said([{ text: plain }]));
      expect(answers().flatMap((message) => covered(message, 'bold'))).toEqual(names);
      expect(published).toMatchObject([{ type: 'events.telegram.sent', data: { messageIds: ids() } }]);
    },
  );

  it('close code that is longer than a message, and open it again', async () => {
    const code = Array.from({ length: 400 }, (_, number) => `    call(${number}) # <b>`).join('\n');
    const { origin } = asks();
    await sender().handle(
      eventOf(telegramReply, { origin, text: `\`\`\`python\n${code}\n\`\`\``, format: 'markdown' }),
    );
    expect(answers().length).toBeGreaterThan(1);
    for (const { text, entities } of answers())
      expect(entities).toEqual([{ type: 'pre', offset: 0, length: text.length, language: 'python' }]);
    expect(
      answers()
        .map(({ text }) => text)
        .join('\n'),
    ).toBe(code);
  });

  it.each([
    ['before', 1],
    ['after', 1],
    ['before', 2],
    ['after', 2],
    ['before', 3],
    ['after', 3],
  ] as const)('post nothing twice where they die %s message %i of three', async (when, at) => {
    const { origin } = asks();
    const text = names.map((name) => `${name} ${filler}`).join('\n');
    const event = eventOf(telegramReply, { origin, text });
    await expect(sender({ at, when }).handle(event)).rejects.toThrow('died');
    const { handle, published } = sender();
    await handle(event);
    expect(answers()).toHaveLength(3);
    expect(said(answers())).toBe(said([{ text }]));
    expect(published).toMatchObject([{ type: 'events.telegram.sent', data: { messageIds: ids() } }]);
  });

  it('go on with the message that Telegram let wait', async () => {
    const { origin } = asks();
    telegram.faults.add({
      ...{ method: 'messages.SendMessage', error: [420, 'FLOOD_WAIT_1'] },
      match: (request) => !saidBy(request).startsWith(names[0] ?? ''),
    });
    const since = telegram.calls.length;
    const text = names.map((name) => `${name} ${filler}`).join('\n');
    await sender().handle(eventOf(telegramReply, { origin, text }));
    expect(said(answers())).toBe(said([{ text }]));
    const calls = telegram.calls.slice(since).filter(({ method }) => method === 'messages.SendMessage');
    expect(calls).toHaveLength(4);
  });

  it.each([
    [403, 'CHAT_WRITE_FORBIDDEN'],
    [400, 'PEER_FLOOD'],
  ] as const)(
    'say which messages are in the chat where Telegram refuses a later one: %i %s',
    async (...error) => {
      const { origin } = asks();
      telegram.faults.add({
        ...{ method: 'messages.SendMessage', error },
        match: (request) => saidBy(request).includes(names.at(-1)!),
      });
      const { handle, published } = sender();
      await handle(
        eventOf(telegramReply, { origin, text: names.map((name) => `${name} ${filler}`).join('\n') }),
      );
      expect(answers()).toHaveLength(2);
      expect(published).toMatchObject([
        { type: 'events.telegram.send_failed', data: { error: error[1], messageIds: ids() } },
      ]);
    },
  );

  it('say which messages are in the chat where the rest is given up', async () => {
    const { origin } = asks();
    const { account: id, chatId } = origin;
    const text = names.map((name) => `${name} ${filler}`).join('\n');
    const event = eventOf(telegramReply, { target: { account: id, chatId }, text });
    const { handle, giveUp, published } = sender({ at: 3, when: 'before' });
    await expect(handle(event)).rejects.toThrow('died');
    await giveUp(event);
    expect(answers()).toHaveLength(2);
    expect(published).toMatchObject([
      { type: 'events.telegram.send_failed', data: { error: 'INTERNAL', messageIds: ids() } },
    ]);
  });

  it('say that nothing was sent where there is no text in the markup', async () => {
    const { origin } = asks();
    const { handle, published } = sender();
    await handle(eventOf(telegramReply, { origin, text: '<b> </b>', format: 'html' }));
    expect(answers()).toEqual([]);
    expect(published).toMatchObject([
      { type: 'events.telegram.send_failed', data: { error: 'MESSAGE_EMPTY' } },
    ]);
  });

  it('edit with a format', async () => {
    const { origin } = asks();
    const { handle } = sender();
    await handle(eventOf(telegramReply, { origin, text: 'hello' }));
    const [messageId] = ids();
    const target = { account: origin.account, chatId: origin.chatId, messageId: messageId! };
    await handle(eventOf(telegramEdit, { target, text: `_${'x'.repeat(5000)}_`, format: 'markdown' }));
    expect(answers()).toMatchObject([
      { text: `${'x'.repeat(4095)}…`, entities: [{ type: 'italic', offset: 0, length: 4095 }] },
    ]);
  });

  describe('with a caption', () => {
    const sendMedia = (origin: Origin, text: string) =>
      eventOf(telegramSendMedia, {
        ...{ origin, kind: 'video', object: newObject() },
        media: { title: 'A film', durationS: 1, sourceUrl: 'https://example.com/v' },
        caption: { text, format: 'html' },
      });
    const long = names.map((name) => `<i>${name.replace('&', '&amp;')}</i>`).join('\n');

    it('put it in place of title and source', async () => {
      const { origin } = asks();
      await sender().handle(sendMedia(origin, '.<b>mine</b>'));
      expect(answers()).toMatchObject([
        { text: '․mine', entities: [{ type: 'bold', offset: 1, length: 4 }], media: {} },
      ]);
    });

    it('send the media alone where it is empty', async () => {
      await sender().handle(sendMedia(asks().origin, ''));
      expect(answers()).toMatchObject([{ text: '', media: {} }]);
    });

    it.each([undefined, { at: 1, when: 'before' }, { at: 1, when: 'after' }] as const)(
      'let what does not fit follow as a reply to the media, also where they die: %o',
      async (dies) => {
        const { asked, origin } = asks();
        const event = sendMedia(origin, long);
        if (dies) await expect(sender(dies).handle(event)).rejects.toThrow('died');
        const { handle, published } = sender();
        await handle(event);
        const [film, rest] = answers();
        expect(answers()).toHaveLength(2);
        expect(film).toMatchObject({ replyTo: asked, media: {} });
        expect(film!.text.length).toBeLessThanOrEqual(1024);
        expect(film!.text.length).toBeGreaterThan(900);
        expect(rest).toMatchObject({ replyTo: film });
        expect(answers().flatMap((message) => covered(message, 'italic'))).toEqual(names);
        expect(published).toMatchObject([{ type: 'events.telegram.sent', data: { messageIds: ids() } }]);
      },
    );

    it('have answered with the media where the chat does not take the rest', async () => {
      const { origin } = asks();
      telegram.faults.add({
        ...{ method: 'messages.SendMessage', error: [403, 'CHAT_SEND_PLAIN_FORBIDDEN'] },
        match: (request) => saidBy(request).startsWith('Line'),
      });
      const { handle, published } = sender();
      await handle(sendMedia(origin, long));
      expect(answers()).toMatchObject([{ media: {} }]);
      expect(published).toMatchObject([{ type: 'events.telegram.sent', data: { messageIds: ids() } }]);
    });
  });
});
