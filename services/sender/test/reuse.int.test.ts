import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type Origin,
  redisKeys,
  type StoredObject,
  telegramReply,
  telegramSendMedia,
  videoFailed,
  videoReady,
} from '@heavy/contracts';
import { type LocalTelegram, startLocalTelegram, type WorldMessage } from '@heavy/local-telegram';
import { type MediaStore, ObjectMissing } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { createAccount, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createSender, eventOf, newObject, quiet } from './fixture.ts';

let redis: Redis;
let telegram: LocalTelegram;
let account: TelegramAccount;
let chat: ReturnType<LocalTelegram['world']['addGroup']>;
let forum: ReturnType<LocalTelegram['world']['addSupergroup']>;

beforeAll(async () => {
  redis = new Redis(inject('redis').url, { db: 6 });
  // Every data centre gives its first people and chats the same ids.
  await redis.flushdb();
  telegram = await startLocalTelegram();
  const { world } = telegram;
  world.addUser('alice');
  world.addUser('heavy');
  account = createAccount({
    ...{ session: world.mintSession('heavy'), apiId: 1, apiHash: 'hash' },
    ...{ endpoint: telegram.endpoint, log: quiet, callTimeoutMs: 3000 },
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
  const members = ['alice', 'heavy'];
  chat = telegram.world.addGroup('Film club', { members });
  forum = telegram.world.addSupergroup('Cinema', { members, topics: ['News'] });
});

const heavy = () => telegram.world.user('heavy');

const asks = (): { asked: WorldMessage; origin: Origin } => {
  const asked = telegram.world.user('alice').in(chat).says('.vdl https://example.com/v');
  const [account, userId] = [heavy().id, telegram.world.user('alice').id];
  return { asked, origin: { account, chatId: chat.id, messageId: asked.idFor(heavy()), userId } };
};

const asksInTopic = (): { asked: WorldMessage; origin: Origin } => {
  const asked = telegram.world.user('alice').in(forum, { topic: 'News' }).says('.vdl x');
  const [account, userId, topicId] = [heavy().id, telegram.world.user('alice').id, forum.topic('News').id];
  return { asked, origin: { account, chatId: forum.id, messageId: asked.idFor(heavy()), userId, topicId } };
};

const ready = (origin: Origin, object: StoredObject, sourceUrl = 'https://example.com/v') =>
  eventOf(videoReady, { origin, object, media: { title: 'A film', durationS: 1, sourceUrl } });

const object = (sizeBytes = 1_300_000): StoredObject => ({ ...newObject(), sizeBytes });

/** A sender over the data centre, and how often it went to the store. */
const world = (
  more: { log?: Logger; own?: Partial<TelegramAccount>; callsAtOnce?: number; uploadsAtOnce?: number } = {},
) => {
  const read = vi.fn<MediaStore['read']>(async (_key, range) =>
    Readable.from([Buffer.alloc((range?.end ?? 0) - (range?.start ?? 0) + 1)]),
  );
  const upload = vi.fn<TelegramAccount['upload']>((file) => account.upload(file));
  const own: Partial<TelegramAccount> = { upload, ...more.own };
  const used = new Proxy(account, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in own ? own : target, name);
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
  });
  const { log = quiet, own: _, ...limits } = more;
  const store = { read } satisfies Partial<MediaStore> as Partial<MediaStore> as MediaStore;
  return { read, upload, sender: createSender({ account: used, redis, store, log, ...limits }) };
};

const media = () => chat.messages().filter((message) => message.media);
const documentKey = (origin: Origin, { key }: StoredObject) => redisKeys.document(origin.account, key);

describe('senderHandlers', () => {
  it('upload once what 200 ask for at once, and answer each of them', async () => {
    const { sender, upload, read } = world();
    const wanted = object();
    const since = telegram.calls.length;
    const askers = Array.from({ length: 200 }, asks);
    const url = (i: number) => `https://example.com/v?utm=${i}`;
    await Promise.all(askers.map(({ origin }, i) => sender.handle(ready(origin, wanted, url(i)))));
    expect(upload).toHaveBeenCalledOnce();
    // Three parts of half a megabyte at most, each read and saved once.
    const parts = telegram.calls.slice(since).filter(({ method }) => method.startsWith('upload.'));
    expect(parts).toHaveLength(3);
    expect(read).toHaveBeenCalledTimes(3);
    expect(media()).toHaveLength(200);
    expect(new Set(media().map((message) => message.media)).size).toBe(1);
    for (const [i, { asked }] of askers.entries()) {
      const answers = media().filter(({ replyTo }) => replyTo === asked);
      expect(answers.map(({ text }) => text)).toEqual([`A film\n${url(i)}`]);
    }
  });

  it('send what Telegram holds without the store, in a topic too', async () => {
    const { sender } = world();
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    const later = world();
    const { asked, origin } = asksInTopic();
    await later.sender.handle(ready(origin, wanted));
    expect(later.read).not.toHaveBeenCalled();
    expect(later.upload).not.toHaveBeenCalled();
    const answer = forum.messages().at(-1)!;
    expect(answer.replyTo).toBe(asked);
    expect(answer.topic?.title).toBe('News');
    expect(answer.media).toBe(media()[0]?.media);
  });

  it('remember a document for 30 days', async () => {
    const { sender } = world();
    const wanted = object();
    const { origin } = asks();
    await sender.handle(ready(origin, wanted));
    const [message] = media();
    expect(JSON.parse((await redis.get(documentKey(origin, wanted)))!)).toMatchObject({
      document: { id: `${message?.media?.id}` },
      posted: { chatId: chat.id, messageId: message?.idFor(heavy()) },
      sizeBytes: wanted.sizeBytes,
    });
    expect(await redis.ttl(documentKey(origin, wanted))).toBeGreaterThan(29 * 24 * 3600);
  });

  it('renew a reference that has expired, once for all who need it', async () => {
    const { sender, upload } = world();
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    telegram.world.expireFileReferences(chat);
    const since = telegram.calls.length;
    await Promise.all(Array.from({ length: 5 }, () => sender.handle(ready(asks().origin, wanted))));
    expect(media()).toHaveLength(6);
    expect(upload).toHaveBeenCalledOnce();
    const fetches = telegram.calls.slice(since).filter(({ method }) => method === 'messages.GetMessages');
    expect(fetches).toHaveLength(1);
  });

  it.each([
    ['whose message was deleted', () => heavy().deletes(media()[0]!)],
    [
      'whose message cannot be read',
      () => telegram.faults.add({ method: 'messages.GetMessages', error: [400, 'CHANNEL_PRIVATE'] }),
    ],
    [
      'whose renewed reference is refused too',
      () =>
        telegram.faults.add({
          ...{ method: 'messages.SendMedia', times: 2, error: [400, 'FILE_REFERENCE_EXPIRED'] },
        }),
    ],
  ])('upload anew what has an expired reference and %s', async (_, spoil) => {
    const { sender, upload } = world();
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    const first = media()[0]?.media;
    telegram.world.expireFileReferences(chat);
    spoil();
    const { asked, origin } = asks();
    await sender.handle(ready(origin, wanted));
    expect(upload).toHaveBeenCalledTimes(2);
    const answer = media().find(({ replyTo }) => replyTo === asked);
    expect(answer?.media).toBeDefined();
    expect(answer?.media).not.toBe(first);
  });

  it('take no other document that is now where theirs was posted', async () => {
    const { sender, upload } = world();
    const [one, other] = [object(), object(700_000)];
    const { origin } = asks();
    await sender.handle(ready(origin, one));
    await sender.handle(ready(asks().origin, other));
    const kept = JSON.parse((await redis.get(documentKey(origin, one)))!);
    const posted = { ...kept.posted, messageId: media()[1]?.idFor(heavy()) };
    await redis.set(documentKey(origin, one), JSON.stringify({ ...kept, posted }));
    telegram.world.expireFileReferences(chat);
    await sender.handle(ready(asks().origin, one));
    expect(upload).toHaveBeenCalledTimes(3);
    expect(media()[2]?.media?.sizeBytes).toBe(one.sizeBytes);
  });

  it('upload anew what Telegram does not know any more', async () => {
    const { sender, upload } = world();
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    telegram.faults.add({ method: 'messages.SendMedia', error: [400, 'MEDIA_EMPTY'] });
    await sender.handle(ready(asks().origin, wanted));
    expect(upload).toHaveBeenCalledTimes(2);
    expect(media()).toHaveLength(2);
  });

  it.each([
    ['size', (wanted: StoredObject) => ready(asks().origin, { ...wanted, sizeBytes: 900_000 }), 900_000],
    [
      'kind',
      (wanted: StoredObject) =>
        eventOf(telegramSendMedia, {
          ...{ origin: asks().origin, kind: 'audio', object: wanted },
          media: { title: 'A film', durationS: 1, sourceUrl: 'https://example.com/v' },
        }),
      1_300_000,
    ],
  ])('upload anew an object of another %s under the same key', async (_, event, sizeBytes) => {
    const { sender, upload } = world();
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    await sender.handle(event(wanted));
    expect(upload).toHaveBeenCalledTimes(2);
    expect(media().map((message) => message.media?.sizeBytes)).toEqual([wanted.sizeBytes, sizeBytes]);
  });

  it('let the next try itself where the upload fails for the first', async () => {
    const { sender, read, upload } = world();
    const wanted = object();
    read.mockRejectedValueOnce(new ObjectMissing(wanted.key));
    const askers = Array.from({ length: 3 }, asks);
    const results = await Promise.allSettled(
      askers.map(({ origin }) => sender.handle(ready(origin, wanted))),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(upload).toHaveBeenCalledTimes(2);
    expect(media()).toHaveLength(2);
  });

  it('keep what one chat does not take for the others', async () => {
    const { sender, upload } = world();
    const wanted = object();
    telegram.faults.add({ method: 'messages.SendMedia', error: [403, 'CHAT_SEND_VIDEOS_FORBIDDEN'] });
    await Promise.all([asks(), asks()].map(({ origin }) => sender.handle(ready(origin, wanted))));
    expect(upload).toHaveBeenCalledOnce();
    expect(media()).toHaveLength(1);
    expect(chat.messages().some(({ text }) => text.includes('does not let me send media'))).toBe(true);
  });

  it('send media without the thumbnail that cannot be had', async () => {
    const { sender, read } = world();
    const thumbnail = { ...newObject(), key: `thumb/${randomBytes(32).toString('hex')}.jpg` };
    const readable = read.getMockImplementation()!;
    read.mockImplementation(async (key, range) => {
      if (key === thumbnail.key) throw new ObjectMissing(key);
      return readable(key, range);
    });
    const { data } = ready(asks().origin, object());
    await sender.handle(eventOf(videoReady, { ...data, media: { ...data.media, thumbnail } }));
    expect(media()).toHaveLength(1);
  });

  it('end a wait for somebody else’s upload when the signal aborts', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { sender } = world({
      own: {
        upload: async (file) => {
          begun.resolve();
          await gate.promise;
          return account.upload(file);
        },
      },
    });
    const wanted = object();
    const first = sender.handle(ready(asks().origin, wanted));
    await begun.promise;
    const stop = new AbortController();
    const waiting = sender.handle(ready(asks().origin, wanted), stop.signal);
    const rejected = expect(waiting).rejects.toThrow('stopping');
    stop.abort(new Error('stopping'));
    await rejected;
    gate.resolve();
    await first;
    expect(media()).toHaveLength(1);
  });

  it('answer others while 300 wait for an upload that is stuck', async () => {
    const stuck = Promise.withResolvers<void>();
    telegram.faults.add({
      ...{ method: 'upload.SaveFilePart', times: 1, swallow: true },
      match: () => {
        stuck.resolve();
        return true;
      },
    });
    const { sender, upload } = world({ callsAtOnce: 4, uploadsAtOnce: 1 });
    const wanted = object();
    const askers = Array.from({ length: 300 }, asks);
    const handled = askers.map(({ origin }) => sender.handle(ready(origin, wanted)));
    await stuck.promise;
    const { asked, origin } = asks();
    await sender.handle(eventOf(telegramReply, { origin, text: 'It is cancelled.' }));
    expect(media()).toEqual([]);
    const answer = chat.messages().find(({ replyTo }) => replyTo === asked);
    expect(answer?.text).toBe('It is cancelled.');
    telegram.dropConnections();
    await Promise.all(handled);
    expect(upload).toHaveBeenCalledOnce();
    expect(new Set(media().map(({ replyTo }) => replyTo))).toEqual(new Set(askers.map(({ asked }) => asked)));
    expect(media()).toHaveLength(300);
  });

  it('upload so many files at the same time, and post with so many calls', async () => {
    const most = { uploads: 0, calls: 0 };
    const now = { uploads: 0, calls: 0 };
    const counted = async <T>(what: keyof typeof now, work: Promise<T>): Promise<T> => {
      now[what] += 1;
      most[what] = Math.max(most[what], now[what]);
      return work.finally(() => {
        now[what] -= 1;
      });
    };
    const { sender } = world({
      ...{ callsAtOnce: 3, uploadsAtOnce: 2 },
      own: {
        upload: (file) => counted('uploads', account.upload(file)),
        createDocument: (document) => counted('calls', account.createDocument(document)),
        sendMedia: (message) => counted('calls', account.sendMedia(message)),
        sendText: (message) => counted('calls', account.sendText(message)),
        editText: (edit) => counted('calls', account.editText(edit)),
        deleteMessages: (chatId, ids) => counted('calls', account.deleteMessages(chatId, ids)),
      },
    });
    const wanted = Array.from({ length: 6 }, () => object());
    await Promise.all(wanted.flatMap((one) => [1, 2, 3].map(() => sender.handle(ready(asks().origin, one)))));
    expect(media()).toHaveLength(18);
    expect(most).toEqual({ uploads: 2, calls: 3 });
  });

  it('show the upload to those who wait for it', async () => {
    const gate = Promise.withResolvers<void>();
    const { sender } = world({
      own: {
        upload: async (file) => {
          const { onProgress = () => undefined } = file;
          // The last part comes when both have joined.
          const uploaded = await account.upload({ ...file, onProgress: () => undefined });
          await vi.waitFor(() => {
            onProgress(650_000);
            expect(chat.messages().filter(({ text }) => text.startsWith('… uploading'))).toHaveLength(2);
          });
          gate.resolve();
          return uploaded;
        },
      },
    });
    const wanted = object();
    const handled = [asks(), asks()].map(({ origin }) => sender.handle(ready(origin, wanted)));
    await gate.promise;
    expect(chat.messages().flatMap(({ text }) => (text.startsWith('… ') ? text : []))).toEqual(
      Array(2).fill('… uploading ▰▰▰▰▰▱▱▱▱▱ 50 % of 1.3 MB'),
    );
    await Promise.all(handled);
    expect(chat.messages().filter(({ text }) => text.startsWith('… '))).toEqual([]);
    expect(media()).toHaveLength(2);
  });

  it('know the document of a repeat', async () => {
    const wanted = object();
    const { origin } = asks();
    // It is killed after the message was posted and before that was noted.
    const killed = world({
      own: {
        sendMedia: async (message) => {
          await account.sendMedia(message);
          throw new Error('killed');
        },
      },
    });
    const event = ready(origin, wanted);
    await expect(killed.sender.handle(event)).rejects.toThrow('killed');
    await redis.del(documentKey(origin, wanted));
    const { sender, upload } = world();
    await sender.handle(event);
    expect(media()).toHaveLength(1);
    await sender.handle(ready(asks().origin, wanted));
    expect(upload).toHaveBeenCalledOnce();
    expect(media()).toHaveLength(2);
  });

  it('log the upload, the sending by reference, and each answer as steps', async () => {
    const steps: unknown[] = [];
    const info = (line: object) => {
      if ('step' in line) steps.push(line);
    };
    const { sender } = world({ log: { ...quiet, info } as Logger });
    const wanted = object();
    await sender.handle(ready(asks().origin, wanted));
    await sender.handle(ready(asks().origin, wanted));
    const { origin } = asks();
    await sender.handle(eventOf(videoFailed, { origin, failure: { code: 'not_found', context: {} } }));
    const ids = chat
      .messages()
      .flatMap((message) => (message.from === heavy() ? message.idFor(heavy()) : []));
    expect(steps).toMatchObject([
      { step: 'uploading', sizeBytes: wanted.sizeBytes },
      { step: 'answered', messageIds: [ids[0]] },
      { step: 'uploading', reused: true },
      { step: 'answered', messageIds: [ids[1]] },
      { step: 'answered', messageIds: [ids[2]], code: 'not_found' },
    ]);
  });
});
