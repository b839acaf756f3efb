import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Contract, type DataOf, type Envelope, envelope, type StoredObject } from '@heavy/contracts';
import { createSplitter, type MediaStore, type Splitter } from '@heavy/media';
import type { Handler, HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { IncomingMessage, TelegramAccount } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { senderHandlers } from '../src/handlers.ts';
import { createPace, type PaceSettings } from '../src/pace/pace.ts';
import { createPaceStore } from '../src/pace/pace-store.ts';
import { createStrangers } from '../src/strangers.ts';

export interface Posted {
  id: number;
  text: string;
  media: boolean;
  replyTo: number | undefined;
}

/** A chat as Telegram keeps it: what is in it outlives every sender. */
export const createChat = () => {
  const messages = new Map<number, Posted>();
  const seen = new Map<bigint, number>();
  let lastId = 1000;
  const post = (randomId: bigint, message: Omit<Posted, 'id'>) => {
    const first = seen.get(randomId);
    if (first !== undefined) return { messageId: messages.has(first) ? first : null, duplicate: true };
    lastId += 1;
    seen.set(randomId, lastId);
    messages.set(lastId, { id: lastId, ...message });
    return { messageId: lastId, duplicate: false };
  };
  let lastDocument = 0;
  const account = {
    identity: { id: 1, name: 'Heavy', isBot: false, isPremium: false },
    sendText: async ({ text, replyTo, randomId }) => post(randomId, { text, media: false, replyTo }),
    sendMedia: async ({ caption = '', replyTo, randomId }) =>
      post(randomId, { text: caption, media: true, replyTo }),
    editText: async ({ messageId, text }) => {
      const message = messages.get(messageId);
      if (message) message.text = text;
    },
    deleteMessages: async (_chatId, ids) => {
      for (const id of ids) messages.delete(id);
    },
    findOwnReplies: async (chatId, toMessageId) =>
      [...messages.values()]
        .filter(({ replyTo }) => replyTo === toMessageId)
        .reverse()
        .map(({ id, text, media }) => ({
          ...({ id, text, chat: { id: chatId } } as IncomingMessage),
          ...(media ? { media: { kind: 'video' } } : {}),
        })),
    uploadLimitBytes: async () => 2_097_152_000,
    upload: async ({ sizeBytes, name, read, onProgress }) => {
      await read({ start: 0, end: sizeBytes });
      onProgress?.(sizeBytes);
      return { fileId: '1', parts: 1, name, sizeBytes };
    },
    createDocument: async () => {
      lastDocument += 1;
      return { id: `${lastDocument}`, accessHash: '1', fileReference: `reference ${lastDocument}` };
    },
  } satisfies Partial<TelegramAccount> as Partial<TelegramAccount> as TelegramAccount;
  return { account, messages: () => [...messages.values()] };
};

export const store = {
  read: async () => Readable.from([Buffer.alloc(10)]),
} satisfies Partial<MediaStore> as Partial<MediaStore> as MediaStore;

/** Nothing is large enough to be split, unless a test says otherwise. */
export const splitter = createSplitter({
  store,
  ffmpegPath: 'none',
  ffprobePath: 'none',
  workDir: '/nowhere',
});

export const quiet = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} satisfies Partial<Logger> as Partial<Logger> as Logger;

let lastMessageId = 0;
/** The origin of a command that was not there before. */
export const newOrigin = () => {
  lastMessageId += 1;
  return { account: 1, chatId: -process.pid, messageId: lastMessageId, userId: 2 };
};

/** A video of the store that was not there before. */
export const newObject = (): StoredObject => ({
  key: `video/${randomBytes(32).toString('hex')}.mp4`,
  sizeBytes: 10,
  type: 'video/mp4',
});

export const eventOf = <C extends Contract>(of: C, data: DataOf<C>): Envelope<DataOf<C>> =>
  envelope(of, data, { source: 'test', correlationId: randomUUID() });

export interface Published {
  type: string;
  data: unknown;
}

/** A sender process: its handlers over an account and Redis, and what they have published. */
export const createSender = (deps: {
  account: TelegramAccount;
  redis: Redis;
  store?: MediaStore;
  splitter?: Splitter;
  log?: Logger;
  statusIntervalMs?: number;
  callsAtOnce?: number;
  uploadsAtOnce?: number;
  paceSettings?: PaceSettings;
}) => {
  const pace = createPace({
    settings: deps.paceSettings ?? { rate: 0, ratePerChat: 0 },
    store: createPaceStore(deps.redis, deps.account.identity.id),
    log: quiet,
  });
  const strangers = createStrangers({
    ...{ account: deps.account, redis: deps.redis, log: deps.log ?? quiet, pauseMs: 60_000 },
  });
  const handlers: Handler[] = senderHandlers({
    ...{ store, splitter, log: quiet, statusIntervalMs: 0, callsAtOnce: 64, uploadsAtOnce: 3 },
    ...{ pace, strangers },
    ...deps,
  });
  const published: Published[] = [];
  const context: HandlerContext = {
    publish: (of, data) => void published.push({ type: of.type, data }),
    publishNow: async (of, data) => void published.push({ type: of.type, data }),
    signal: new AbortController().signal,
    attempt: 1,
  };
  const handlerOf = (event: Envelope): Handler => {
    const found = handlers.find(({ contract }) => contract.type === event.type);
    if (!found) throw new Error(`no handler of ${event.type}`);
    return found;
  };
  return {
    published,
    handle: (event: Envelope, signal = context.signal) => handlerOf(event).run(event, { ...context, signal }),
    giveUp: async (event: Envelope) =>
      handlerOf(event).exhausted?.(event, { ...context, error: new Error('x') }),
  };
};
