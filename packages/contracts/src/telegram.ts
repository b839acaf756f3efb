import { type Static, type TSchema, Type } from 'typebox';
import { contract, type DataOf, deterministicId } from './envelope.ts';
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
/** What names a command: the message that it came in. */
export type CommandMessage = Pick<Origin, 'account' | 'chatId' | 'messageId'>;

/** A command's correlation id follows from its message: the same message has the same id, whichever process reads it. */
export const commandCorrelationId = ({ account, chatId, messageId }: CommandMessage): string =>
  deterministicId('command', account, chatId, messageId);

/** A stretch of a text, in UTF-16 units, as Telegram marks it. */
export const entitySchema = strict({
  type: Type.String({ maxLength: 40 }),
  offset: Type.Integer({ minimum: 0 }),
  length: Type.Integer({ minimum: 0 }),
  /** `text_link` only. */
  url: Type.Optional(Type.String({ maxLength: 4096 })),
  /** `mention_name` only. */
  userId: Type.Optional(telegramId),
  /** `pre` only: of the code in it. */
  language: Type.Optional(Type.String({ maxLength: 64 })),
  /** `custom_emoji` only. */
  documentId: Type.Optional(Type.String({ pattern: '^-?[0-9]{1,19}$' })),
});
export type Entity = Static<typeof entitySchema>;

const text = Type.String({ maxLength: 16_384 });

const senderSchema = strict({
  id: telegramId,
  name: Type.Optional(Type.String({ maxLength: 256 })),
  username: Type.Optional(Type.String({ maxLength: 64 })),
});

/** What a person is in a chat; `banned` also whoever is in a chat that was smitten, `blessed` in one that was graced. */
export const roles = ['admin', 'banned', 'blessed', 'unmolested'] as const;
export type Role = (typeof roles)[number];

/** What gives somebody the role: being an admin, a word of an admin about the user or the chat, or the configuration. */
export const standingSources = ['admin', 'user', 'chat', 'configuration'] as const;
export type StandingSource = (typeof standingSources)[number];

const authSchema = strict({
  role: Type.Enum([...roles]),
  by: Type.Optional(Type.Enum([...standingSources])),
  /** When the role ends by itself; absent where it does not. */
  until: Type.Optional(Type.String({ format: 'date-time' })),
  /** Whether everything may be used, or `.whoami` alone. */
  mayUse: Type.Optional(Type.Boolean()),
  /** Always false: what is beyond the limit is not published. */
  rateLimited: Type.Boolean(),
  /** Of the commands in the present window; absent for those who have no limit. */
  requests: Type.Optional(
    strict({
      limit: Type.Integer({ minimum: 0 }),
      left: Type.Integer({ minimum: 0 }),
      /** Seconds until the window ends; 0 where none has begun. */
      resetS: Type.Integer({ minimum: 0 }),
    }),
  ),
});
export type Auth = Static<typeof authSchema>;

const chatSchema = strict({
  id: telegramId,
  type: Type.Enum(['private', 'group', 'supergroup', 'channel']),
  title: Type.Optional(Type.String({ maxLength: 256 })),
});

const messageProperties = {
  id: messageId,
  text,
  entities: Type.Array(entitySchema, { maxItems: 200 }),
  /** Unix time in seconds. */
  date: Type.Integer({ minimum: 0 }),
  topicId: Type.Optional(messageId),
  /** Written by the account itself, from another of its clients. */
  outgoing: Type.Boolean(),
};

/** A message that begins with a registered command word, from somebody who may use it. */
export const telegramRaw = contract(
  'events.telegram.raw',
  1,
  strict({
    account: telegramId,
    chat: chatSchema,
    message: strict(messageProperties),
    sender: senderSchema,
    /** The message that this one replies to, as far as it could be fetched. */
    reply: Type.Optional(
      strict({
        messageId,
        /** The chat that it is in, where that is another one: message ids are a chat's own. */
        chatId: Type.Optional(telegramId),
        text: Type.Optional(text),
        entities: Type.Optional(Type.Array(entitySchema, { maxItems: 200 })),
        senderId: Type.Optional(telegramId),
        /** What its author is called, where Telegram told. */
        senderName: Type.Optional(Type.String({ maxLength: 256 })),
      }),
    ),
    /** The command word without its dot, lower-cased. */
    command: strict({ word: Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' }) }),
    auth: authSchema,
    receivedAt: Type.String({ format: 'date-time' }),
    /** Milliseconds from receiving the update to handing the event to the broker. */
    dispatchMs: Type.Number({ minimum: 0 }),
  }),
);

/** What a service can register to see of all messages: every one, or those that the account itself wrote. */
export const messageInterests = ['all', 'own'] as const;
export type MessageInterest = (typeof messageInterests)[number];

/** Any message, new or edited, as long as some service has registered to see such. */
export const telegramMessage = contract(
  'events.telegram.message',
  1,
  strict({
    account: telegramId,
    chat: chatSchema,
    message: strict({
      ...messageProperties,
      /** Unix time in seconds; absent where it was not edited. */
      editDate: Type.Optional(Type.Integer({ minimum: 0 })),
      replyTo: Type.Optional(messageId),
      /** What kind of media it carries. */
      media: Type.Optional(Type.Enum(['video', 'audio', 'document', 'photo', 'other'])),
    }),
    sender: senderSchema,
  }),
  { mandatory: false },
);

/** Where the answer to a command goes. */
export const originOf = ({ account, chat, message, sender }: DataOf<typeof telegramRaw>): Origin => ({
  account,
  chatId: chat.id,
  messageId: message.id,
  ...(message.topicId === undefined ? {} : { topicId: message.topicId }),
  userId: sender.id,
});

const code = Type.Enum(failureCodes);

export const failureContextSchema = strict({
  subject: Type.Optional(Type.String({ maxLength: 300 })),
  limit: Type.Optional(Type.Number({ minimum: 0 })),
  count: Type.Optional(Type.Integer({ minimum: 0 })),
  retryAfterS: Type.Optional(Type.Integer({ minimum: 0 })),
});

/** What happened, as a code that the sender turns into words. */
export const failureSchema = strict({ code, context: failureContextSchema });

/** How a text is written: as it is, in Telegram's Markdown, or in its HTML. What is no valid markup stands as it was typed. */
export const textFormats = ['plain', 'markdown', 'html'] as const;
export type TextFormat = (typeof textFormats)[number];

/** Plain where there is none. */
const format = Type.Optional(Type.Enum([...textFormats]));

/** More than a message holds: what does not fit into one goes out as several. */
const textToSend = Type.String({ minLength: 1, maxLength: 16_384 });

/** A place in a chat, for what answers no command. */
const placeSchema = strict({
  account: telegramId,
  chatId: telegramId,
  /** The message that it replies to; in its place a plain message is sent where it was deleted. */
  replyTo: Type.Optional(messageId),
  topicId: Type.Optional(messageId),
});

/** Answers a command, with a text or with the sentence for a failure code; or says a text in a chat where no command was given. */
export const telegramReply = contract(
  'commands.telegram.reply',
  1,
  Type.Union([
    strict({ origin: originSchema, text: textToSend, format }),
    strict({ origin: originSchema, failure: failureSchema }),
    strict({ target: placeSchema, text: textToSend, format }),
  ]),
);

const target = strict({ account: telegramId, chatId: telegramId, messageId });

/** Changes one message and posts none: a text that is longer than a message is cut. */
export const telegramEdit = contract(
  'commands.telegram.edit',
  1,
  strict({ target, text: textToSend, format }),
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
  strict({
    origin: originSchema,
    kind: mediaKindSchema,
    object: objectSchema,
    media: mediaSchema,
    /** In place of title and source. What does not fit below the media follows as a reply to them. */
    caption: Type.Optional(strict({ text: Type.String({ maxLength: 16_384 }), format })),
  }),
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
    /** What is in the chat all the same, such as the first parts of a long text. */
    messageIds: Type.Optional(Type.Array(messageId, { minItems: 1 })),
  }),
  { mandatory: false },
);
