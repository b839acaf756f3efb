import { type Static, type TSchema, Type } from 'typebox';
import { contract } from './envelope.ts';
import { failureCodes } from './failures.ts';

/** Telegram ids fit 53 bits. Chats carry their marked id: users positive, basic groups negative, channels `-100…`. */
const telegramId = Type.Integer({ minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 });
const messageId = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 });

export const strict = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

/** The message that a command came in: where its answer goes. Copied unchanged from hop to hop. */
export const originSchema = strict({
  /** The id of the account that received the command, and that answers. */
  account: telegramId,
  chatId: telegramId,
  messageId,
  /** The forum topic, where the chat has topics. */
  topicId: Type.Optional(messageId),
  userId: telegramId,
});
export type Origin = Static<typeof originSchema>;

/** A stretch of a text, in UTF-16 units, as Telegram marks it. */
export const entitySchema = strict({
  type: Type.String({ maxLength: 40 }),
  offset: Type.Integer({ minimum: 0 }),
  length: Type.Integer({ minimum: 0 }),
  /** `text_link` only. */
  url: Type.Optional(Type.String({ maxLength: 4096 })),
  /** `mention_name` only. */
  userId: Type.Optional(telegramId),
});
export type Entity = Static<typeof entitySchema>;

const text = Type.String({ maxLength: 16_384 });

const senderSchema = strict({
  id: telegramId,
  name: Type.Optional(Type.String({ maxLength: 256 })),
  username: Type.Optional(Type.String({ maxLength: 64 })),
});

export const roles = ['admin', 'unmolested'] as const;

/** A message that begins with a registered command word, from somebody who may use it. */
export const telegramRaw = contract(
  'events.telegram.raw',
  1,
  strict({
    account: telegramId,
    chat: strict({
      id: telegramId,
      type: Type.Enum(['private', 'group', 'supergroup', 'channel']),
      title: Type.Optional(Type.String({ maxLength: 256 })),
    }),
    message: strict({
      id: messageId,
      text,
      entities: Type.Array(entitySchema, { maxItems: 200 }),
      /** Unix time in seconds. */
      date: Type.Integer({ minimum: 0 }),
      topicId: Type.Optional(messageId),
      /** Written by the account itself, from another of its clients. */
      outgoing: Type.Boolean(),
    }),
    sender: senderSchema,
    /** The message that this one replies to, as far as it could be fetched. */
    reply: Type.Optional(
      strict({
        messageId,
        text: Type.Optional(text),
        entities: Type.Optional(Type.Array(entitySchema, { maxItems: 200 })),
        senderId: Type.Optional(telegramId),
      }),
    ),
    /** The command word without its dot, lower-cased. */
    command: strict({ word: Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' }) }),
    auth: strict({
      role: Type.Enum([...roles]),
      rateLimited: Type.Boolean(),
    }),
    receivedAt: Type.String({ format: 'date-time' }),
    /** Milliseconds from receiving the update to handing the event to the broker. */
    dispatchMs: Type.Number({ minimum: 0 }),
  }),
);

const code = Type.Enum(failureCodes);

export const failureContextSchema = strict({
  subject: Type.Optional(Type.String({ maxLength: 300 })),
  limit: Type.Optional(Type.Number({ minimum: 0 })),
});

/** What happened, as a code that the sender turns into words. */
export const failureSchema = strict({ code, context: failureContextSchema });

/** Answers a command, with a text or with the sentence for a failure code. Exactly one of the two. */
export const telegramReply = contract(
  'commands.telegram.reply',
  1,
  Type.Union([
    strict({ origin: originSchema, text: Type.String({ minLength: 1, maxLength: 16_384 }) }),
    strict({ origin: originSchema, failure: failureSchema }),
  ]),
);

const target = strict({ account: telegramId, chatId: telegramId, messageId });

export const telegramEdit = contract(
  'commands.telegram.edit',
  1,
  strict({ target, text: Type.String({ minLength: 1, maxLength: 4096 }) }),
);

export const telegramDelete = contract(
  'commands.telegram.delete',
  1,
  strict({
    account: telegramId,
    chatId: telegramId,
    messageIds: Type.Array(messageId, { minItems: 1, maxItems: 100 }),
  }),
);

export const telegramReact = contract(
  'commands.telegram.react',
  1,
  strict({ target, emoji: Type.Union([Type.String({ minLength: 1, maxLength: 16 }), Type.Null()]) }),
);

/** An object of the media store, sent as a reply. */
export const objectSchema = strict({
  key: Type.String({ pattern: '^(video|audio|thumb)/[0-9a-f]{64}\\.[a-z0-9]{2,5}$' }),
  sizeBytes: Type.Integer({ minimum: 1 }),
  /** A media type: `video/mp4`. */
  type: Type.String({ pattern: '^[a-z]+/[a-z0-9.+-]+$' }),
});
export type StoredObject = Static<typeof objectSchema>;

export const mediaSchema = strict({
  title: Type.String({ maxLength: 1024 }),
  /** Uploader or artist. */
  performer: Type.Optional(Type.String({ maxLength: 256 })),
  durationS: Type.Number({ minimum: 0 }),
  /** Pixels; only of a video. */
  width: Type.Optional(Type.Integer({ minimum: 1 })),
  height: Type.Optional(Type.Integer({ minimum: 1 })),
  thumbnail: Type.Optional(objectSchema),
  /** The URL that was asked for. */
  sourceUrl: Type.String({ maxLength: 4096 }),
});
export type Media = Static<typeof mediaSchema>;

export const mediaKinds = ['video', 'audio'] as const;
export type MediaKind = (typeof mediaKinds)[number];
export const mediaKindSchema = Type.Enum([...mediaKinds]);

export const telegramSendMedia = contract(
  'commands.telegram.send_media',
  1,
  strict({ origin: originSchema, kind: mediaKindSchema, object: objectSchema, media: mediaSchema }),
);

/** The sender carried a command out. */
export const telegramSent = contract(
  'events.telegram.sent',
  1,
  strict({
    /** The id of the envelope that was carried out. */
    commandId: Type.String(),
    commandType: Type.String(),
    account: telegramId,
    chatId: telegramId,
    /** Empty only where Telegram recognised a repeat and the first could not be found again. */
    messageIds: Type.Array(messageId),
  }),
  { mandatory: false },
);

/** The sender could not carry a command out, and will not try again. */
export const telegramSendFailed = contract(
  'events.telegram.send_failed',
  1,
  strict({
    commandId: Type.String(),
    commandType: Type.String(),
    account: telegramId,
    chatId: telegramId,
    /** Telegram's error, such as `CHAT_WRITE_FORBIDDEN`. */
    error: Type.String({ maxLength: 200 }),
  }),
  { mandatory: false },
);
