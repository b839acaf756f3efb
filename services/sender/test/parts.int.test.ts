import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  type Origin,
  redisKeys,
  type StoredObject,
  telegramSendFailed,
  telegramSendMedia,
  telegramSent,
  videoReady,
} from '@heavy/contracts';
import { type LocalTelegram, startLocalTelegram, type WorldMessage } from '@heavy/local-telegram';
import { createDirectoryStore, createSplitter, type MediaStore, type SplitterOptions } from '@heavy/media';
import { createAccount, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createSender, eventOf, quiet } from './fixture.ts';

const { ffmpeg, ffprobe } = inject('tools');
const run = promisify(execFile);
const partBytes = 512 * 1024;
const sourceUrl = 'https://example.com/v';

let dir: string;
let film: string;
let store: MediaStore;
let redis: Redis;
let telegram: LocalTelegram;
let account: TelegramAccount;
let chat: ReturnType<LocalTelegram['world']['addGroup']>;

/** Files of so many parts are what the account may send. */
const connect = async (parts: number): Promise<void> => {
  await account?.close();
  telegram.limits.uploadParts.default = parts;
  account = createAccount({
    ...{ session: telegram.world.mintSession('heavy'), apiId: 1, apiHash: 'hash' },
    ...{ endpoint: telegram.endpoint, log: quiet, callTimeoutMs: 3000 },
  });
  await account.connect();
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-parts-'));
  store = createDirectoryStore({ dir: join(dir, 'store') });
  film = join(dir, 'film.mp4');
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=20', '-f', 'lavfi', '-i', 'sine=d=20'];
  const codecs = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-bf',
    '2',
    '-g',
    '50',
    '-b:v',
    '2M',
    '-pix_fmt',
    'yuv420p',
  ];
  await run(ffmpeg, ['-v', 'error', ...pictures, ...codecs, '-c:a', 'aac', '-movflags', '+faststart', film]);
  redis = new Redis(inject('redis').url, { db: 7 });
  telegram = await startLocalTelegram({ spoolDir: dir });
  telegram.world.addUser('alice');
  telegram.world.addUser('heavy');
}, 120_000);

afterAll(async () => {
  await account.close();
  await telegram.close();
  redis.disconnect();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  telegram.faults.clear();
  // Every data centre gives its first people and chats the same ids.
  await redis.flushdb();
  chat = telegram.world.addGroup('Film club', { members: ['alice', 'heavy'] });
});

const heavy = () => telegram.world.user('heavy');
const asks = (): { asked: WorldMessage; origin: Origin } => {
  const alice = telegram.world.user('alice');
  const asked = alice.in(chat).says('.vdl https://example.com/v');
  return {
    asked,
    origin: { account: heavy().id, chatId: chat.id, messageId: asked.idFor(heavy()), userId: alice.id },
  };
};

const stored = async (path: string, extension: string, type: string): Promise<StoredObject> => {
  const key = `media/${randomBytes(32).toString('hex')}.${extension}`;
  const { sizeBytes } = await store.put(key, { path }, { type, metadata: {} });
  return { key, sizeBytes, type };
};
const storedFilm = () => stored(film, 'mp4', 'video/mp4');
const storedBytes = async (bytes: Buffer) => {
  const key = `media/${randomBytes(32).toString('hex')}.mp3`;
  await store.put(key, { stream: Readable.from([bytes]) }, { type: 'audio/mpeg', metadata: {} });
  return { key, sizeBytes: bytes.length, type: 'audio/mpeg' };
};

const video = (origin: Origin, object: StoredObject) =>
  eventOf(videoReady, {
    origin,
    object,
    media: { title: 'A film', durationS: 20, width: 640, height: 360, sourceUrl },
  });
const audio = (origin: Origin, object: StoredObject) =>
  eventOf(telegramSendMedia, {
    origin,
    kind: 'audio',
    object,
    media: { title: 'A song', durationS: 20, sourceUrl },
  });

/** A sender, and where it splits. */
const createSplittingSender = async (
  more: { account?: TelegramAccount; splitter?: Partial<SplitterOptions>; store?: MediaStore } = {},
) => {
  const workDir = await mkdtemp(join(dir, 'work-'));
  const used = more.store ?? store;
  const splitter = createSplitter({
    store: used,
    ffmpegPath: ffmpeg,
    ffprobePath: ffprobe,
    workDir,
    ...more.splitter,
  });
  return {
    workDir,
    sender: createSender({ account: more.account ?? account, redis, store: used, splitter }),
  };
};

const media = () => chat.messages().filter((message) => message.media);
const titles = () => media().map(({ text }) => text.split('\n')[0]);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const joined = async (messages: WorldMessage[]) =>
  Buffer.concat(await Promise.all(messages.map(({ media: sent }) => readFile(sent!.path))));
const picturesOf = async (path: string): Promise<string[]> => {
  const args = ['-v', 'error', '-xerror', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'];
  const { stdout } = await run(ffmpeg, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .flatMap((line) => (line.startsWith('0,') ? [line.split(',').at(-1)!.trim()] : []));
};
const documentsMade = () => telegram.calls.filter(({ method }) => method === 'messages.UploadMedia').length;

/** The account of a process that is killed before or after its n-th call of those that leave something at Telegram. */
const mortal = (dieAt: number, when: 'before' | 'after') => {
  let calls = 0;
  const killed = () => Promise.reject(new Error('killed'));
  const isFatal = new Set<PropertyKey>(['upload', 'createDocument', 'sendMedia']);
  const wrapped = new Proxy(account, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        if (calls >= dieAt) return killed();
        if (isFatal.has(name)) calls += 1;
        if (calls < dieAt) return value.apply(target, args);
        if (when === 'after') await value.apply(target, args);
        return killed();
      };
    },
  });
  return { wrapped, isDead: () => calls >= dieAt };
};

describe('senderHandlers, of what is too large for one message', { timeout: 180_000 }, () => {
  it('send a video as numbered parts that play, in their order, and nothing is missing or twice', async () => {
    await connect(4);
    const object = await storedFilm();
    const { asked, origin } = asks();
    const progress: string[] = [];
    telegram.world.on('event', ({ message }) => {
      if (message.chat === chat && message.text.startsWith('… ')) progress.push(message.text);
    });
    const { sender, workDir } = await createSplittingSender();
    await sender.handle(video(origin, object));
    const parts = media();
    const count = Math.ceil(object.sizeBytes / (4 * partBytes));
    expect(parts.length).toBeGreaterThanOrEqual(count);
    expect(titles()).toEqual(parts.map((_, index) => `A film (${index + 1}/${parts.length})`));
    const pictures: string[] = [];
    for (const [index, { media: part, replyTo }] of parts.entries()) {
      expect(replyTo).toBe(asked);
      const name = `A film (${index + 1} of ${parts.length}).mp4`;
      expect(part).toMatchObject({
        kind: 'video',
        mime: 'video/mp4',
        fileName: name,
        width: 640,
        streamable: true,
      });
      expect(part!.sizeBytes).toBeLessThanOrEqual(4 * partBytes);
      pictures.push(...(await picturesOf(part!.path)));
    }
    expect(pictures).toEqual(await picturesOf(film));
    const durations = parts.reduce((sum, { media: part }) => sum + part!.durationS!, 0);
    expect(durations).toBeCloseTo(20, 0);
    expect(sender.published.at(-1)).toMatchObject({
      type: telegramSent.type,
      data: { messageIds: parts.map((message) => message.idFor(heavy())) },
    });
    // Over all parts, of the whole; and none is left in the chat.
    const percents = progress.map((text) => Number(/(\d+) %/u.exec(text)?.[1]));
    expect(percents.length).toBeGreaterThan(2);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(chat.messages().filter(({ text }) => text.startsWith('… '))).toEqual([]);
    expect(await readdir(workDir)).toEqual([]);

    // Whoever asks next gets them without the store, ffmpeg or an upload.
    const made = documentsMade();
    const read = vi.fn<MediaStore['read']>();
    const poor = await createSplittingSender({
      store: { ...store, read },
      splitter: { ffmpegPath: 'none', ffprobePath: 'none' },
    });
    await poor.sender.handle(video(asks().origin, object));
    expect(media()).toHaveLength(2 * parts.length);
    expect(
      media()
        .slice(parts.length)
        .map((message) => message.media),
    ).toEqual(parts.map((message) => message.media));
    expect(documentsMade()).toBe(made);
    expect(read).not.toHaveBeenCalled();
  });

  it('upload each part once for all who ask at the same time', async () => {
    await connect(4);
    const object = await storedFilm();
    const { sender } = await createSplittingSender();
    const made = documentsMade();
    await Promise.all([asks(), asks(), asks()].map(({ origin }) => sender.handle(video(origin, object))));
    const each = media().length / 3;
    expect(documentsMade() - made).toBe(each);
    expect(new Set(media().map((message) => message.media)).size).toBe(each);
  });

  it.each(['before', 'after'] as const)(
    'send what is no video as parts of a file, whichever call the process is killed %s',
    async (when) => {
      await connect(1);
      const bytes = randomBytes(1_300_000);
      const object = await storedBytes(bytes);
      for (let dieAt = 1; ; dieAt += 1) {
        chat = telegram.world.addGroup('Film club', { members: ['alice', 'heavy'] });
        await redis.flushdb();
        const { asked, origin } = asks();
        const event = audio(origin, object);
        const made = documentsMade();
        const { wrapped, isDead } = mortal(dieAt, when);
        const first = await createSplittingSender({ account: wrapped });
        await first.sender.handle(event).catch(() => undefined);
        const second = await createSplittingSender();
        if (isDead()) await second.sender.handle(event);
        const about = `killed ${when} call ${dieAt}`;
        expect(titles(), about).toEqual(['A song (1/3)', 'A song (2/3)', 'A song (3/3)']);
        expect(media().every(({ replyTo }) => replyTo === asked)).toBe(true);
        expect(media().map(({ media: part }) => [part!.kind, part!.fileName])).toEqual(
          ['001', '002', '003'].map((number) => ['document', `A song.mp3.${number}`]),
        );
        expect(sha256(await joined(media()))).toBe(sha256(bytes));
        // Only that a document was made may be forgotten: when it was made in the moment before.
        expect(documentsMade() - made, about).toBeLessThanOrEqual(when === 'after' ? 4 : 3);
        const { published } = isDead() ? second.sender : first.sender;
        expect(published.at(-1)).toMatchObject({
          data: { messageIds: media().map((message) => message.idFor(heavy())) },
        });
        if (!isDead()) break;
      }
      expect(media()[0]!.text).toContain('To join them: cat "A song.mp3".0* > "A song.mp3"');
      expect(media()[1]!.text).not.toContain('join');
    },
  );

  it('go on with a video where the killed process was', async () => {
    await connect(4);
    const object = await storedFilm();
    const { origin } = asks();
    const event = video(origin, object);
    const made = documentsMade();
    // In the upload of the second part.
    const { wrapped } = mortal(4, 'after');
    const first = await createSplittingSender({ account: wrapped });
    await expect(first.sender.handle(event)).rejects.toThrow('killed');
    expect(media()).toHaveLength(1);
    const cutBefore = await picturesOf(media()[0]!.media!.path);
    const { sender } = await createSplittingSender();
    await sender.handle(event);
    expect(titles()).toEqual(media().map((_, index) => `A film (${index + 1}/${media().length})`));
    expect(documentsMade() - made).toBe(media().length);
    const rest = await Promise.all(
      media()
        .slice(1)
        .map((message) => picturesOf(message.media!.path)),
    );
    expect([...cutBefore, ...rest.flat()]).toEqual(await picturesOf(film));
  });

  it.each([
    ['ffmpeg is not there', { ffmpegPath: '/nowhere/ffmpeg' }],
    ['ffprobe is not there', { ffprobePath: '/nowhere/ffprobe' }],
  ])('send a video as parts of a file where %s, also after a repeat', async (_, splitter) => {
    await connect(4);
    const object = await storedFilm();
    const { sender } = await createSplittingSender({ splitter });
    const event = video(asks().origin, object);
    await sender.handle(event);
    expect(media().map((message) => message.media!.kind)).toEqual(media().map(() => 'document'));
    expect(sha256(await joined(media()))).toBe(sha256(await readFile(film)));
    // The plan stands, although another process could cut it.
    const whole = await createSplittingSender();
    const { length } = media();
    await whole.sender.handle(video(asks().origin, object));
    expect(media()).toHaveLength(2 * length);
    expect(await redis.ttl(redisKeys.parts(heavy().id, object.key))).toBeLessThanOrEqual(24 * 3600);
  });

  it.each([
    [[403, 'CHAT_SEND_DOCS_FORBIDDEN'], telegramSent.type],
    [[400, 'PEER_FLOOD'], telegramSendFailed.type],
  ] as const)(
    'tell the parts that are in the chat where a later one gets %o',
    async ([code, error], type) => {
      await connect(1);
      const object = await storedBytes(randomBytes(1_300_000));
      const { origin } = asks();
      telegram.faults.add({
        ...{ method: 'messages.SendMedia', error: [code, error] },
        match: (request) => 'message' in request && `${request.message}`.includes('(2/3)'),
      });
      const { sender } = await createSplittingSender();
      await sender.handle(audio(origin, object));
      const [first] = media();
      expect(media()).toHaveLength(1);
      // The sentence that ends the command counts, too.
      const said = chat.messages().filter(({ text }) => text.includes('does not let me send media'));
      expect(said).toHaveLength(type === telegramSent.type ? 1 : 0);
      const messageIds = [first!, ...said].map((message) => message.idFor(heavy()));
      expect(sender.published.at(-1)).toMatchObject({ type, data: { messageIds } });
    },
  );

  it('put a caption of its own on the first part; the others say which they are', async () => {
    await connect(1);
    const object = await storedBytes(randomBytes(1_300_000));
    const { sender } = await createSplittingSender();
    const event = audio(asks().origin, object);
    await sender.handle({ ...event, data: { ...event.data, caption: { text: 'mine' } } });
    expect(titles()).toEqual(['mine', 'A song (2/3)', 'A song (3/3)']);
  });

  it('send a part of an upload again that Telegram has lost', async () => {
    await connect(4000);
    const bytes = randomBytes(1_500_000);
    const object = await storedBytes(bytes);
    telegram.faults.add({ method: 'messages.UploadMedia', error: [400, 'FILE_PART_1_MISSING'] });
    const since = telegram.acceptedParts.length;
    const { sender } = await createSplittingSender();
    await sender.handle(audio(asks().origin, object));
    const parts = telegram.acceptedParts.slice(since).map(({ part }) => part);
    expect([parts.slice(0, 3).toSorted(), parts.slice(3)]).toEqual([[0, 1, 2], [1]]);
    expect(sha256(await joined(media()))).toBe(sha256(bytes));
  });
});
