import { type Static, Type } from 'typebox';
import { strict } from './telegram.ts';

/** The streams of the sender's interface for bots; https://redis.io/docs/latest/develop/data-types/streams/. */
export const botStreams = (prefix: string) => ({
  /** `add_bot`, `remove_bot`, `pulse`. */
  control: `${prefix}:control`,
  /** Messages that somebody waits for. */
  regular: (botId: number) => `${prefix}:${botId}`,
  /** Bulk messages: they never hold up a regular one. */
  broadcast: (botId: number) => `${prefix}:broadcast:${botId}`,
  /** What became of each message of a bot that wants to know it. */
  logs: (botId: number) => `${prefix}:logs:${botId}`,
  /** Messages that could not be sent and will not be tried again, as they came and with the reason. */
  dead: (botId: number) => `${prefix}:dead:${botId}`,
});
export type BotStreams = ReturnType<typeof botStreams>;

/** The consumer group of each stream that the sender reads. */
export const botStreamGroup = 'base';

/** Fields that entries of ours have besides `type` and `data`; those of an application have none of them. */
export const botEntryFields = {
  /** `<id>:<place>`: the broadcast, and the recipient's place in its list. */
  broadcast: 'broadcast',
  /** `1`: whoever sent it by HTTP may ask what became of it. */
  keepOutcome: 'keep_outcome',
} as const;

/** An entry has two fields: `type` and `data`, a JSON string. */
const botId = Type.Integer({ minimum: 1, maximum: 2 ** 53 - 1 });
/** A chat's id, or a channel's or supergroup's `@username`. */
const chatId = Type.Union([
  Type.Integer({ minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1 }),
  Type.String({ minLength: 1, maxLength: 64 }),
]);
const messageId = Type.Union([
  Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
  Type.String({ pattern: '^[1-9][0-9]{0,9}$' }),
]);
const replyMarkup = strict({
  inline_keyboard: Type.Array(
    Type.Array(
      strict({ text: Type.String({ minLength: 1 }), callback_data: Type.String({ minLength: 1 }) }),
      { maxItems: 8 },
    ),
    { maxItems: 100 },
  ),
});
/** HTML; what is longer than a message is split (`send_msg`) or cut (`edit_msg`). */
const text = Type.String({ minLength: 1, maxLength: 65_536 });
const about = {
  bot_id: botId,
  chat_id: chatId,
  /** The application's own number for it, given back in the log entry. */
  external_id: Type.Optional(Type.Integer()),
};

export const botControlSchemas = {
  add_bot: strict({
    bot_id: botId,
    /** As @BotFather gave it, or sealed as the sender keeps it: then it is in clear nowhere in Redis. */
    token: Type.String({
      pattern: '^([0-9]{1,16}:[A-Za-z0-9_-]{20,64}|heavy-bot-token(\\.[A-Za-z0-9_-]{1,256}){4})$',
    }),
    is_sent_logs: Type.Optional(Type.Boolean()),
  }),
  remove_bot: strict({
    bot_id: botId,
    token: Type.Optional(Type.String()),
    is_sent_logs: Type.Optional(Type.Boolean()),
  }),
  /** A sign of life: it wakes the reader and changes nothing. */
  pulse: Type.Object({}),
} as const;

export const botMessageSchemas = {
  send_msg: strict({
    ...about,
    text,
    reply_to_message_id: Type.Optional(messageId),
    reply_markup: Type.Optional(replyMarkup),
    message_id: Type.Optional(messageId),
  }),
  /** Without a text, the markup alone. */
  edit_msg: strict({
    ...about,
    message_id: messageId,
    text: Type.Optional(text),
    reply_to_message_id: Type.Optional(messageId),
    reply_markup: Type.Optional(replyMarkup),
  }),
  del_msg: strict({
    ...about,
    message_id: messageId,
    text: Type.Optional(Type.String()),
    reply_to_message_id: Type.Optional(messageId),
    reply_markup: Type.Optional(replyMarkup),
  }),
} as const;

export type AddBot = Static<(typeof botControlSchemas)['add_bot']>;
export type RemoveBot = Static<(typeof botControlSchemas)['remove_bot']>;
export type BotMessageType = keyof typeof botMessageSchemas;
/** A message by its type, with its data. */
export type BotMessage = {
  [T in BotMessageType]: { type: T; data: Static<(typeof botMessageSchemas)[T]> };
}[BotMessageType];

/** What became of one entry: the `data` of an entry of the logs stream, whose `type` is that of the message. */
export const botLogEntrySchema = strict({
  type: Type.String(),
  /** 1: Telegram has it. 0: `details` says why not. */
  status: Type.Union([Type.Literal(0), Type.Literal(1)]),
  bot_id: Type.Integer(),
  chat_id: Type.Union([Type.Integer(), Type.String(), Type.Null()]),
  text: Type.Optional(Type.String()),
  reply_markup: Type.Optional(replyMarkup),
  reply_to_message_id: Type.Optional(messageId),
  message_id: Type.Optional(messageId),
  sent_msg_id: Type.Optional(Type.Integer()),
  details: Type.Optional(Type.String()),
  external_id: Type.Optional(Type.Integer()),
});
export type BotLogEntry = Static<typeof botLogEntrySchema>;

/** How a bot is doing: what the replica that serves it writes each second (`redisKeys.bots.status`, JSON). */
export const botStatusSchema = strict({
  botId,
  /** The replica that serves it. */
  holder: Type.String(),
  /** Unix time in milliseconds. */
  at: Type.Integer(),
  /** Messages that Telegram took in the last minute. */
  sentLastMinute: Type.Integer(),
  failedLastMinute: Type.Integer(),
  /** Of the last minute: how often Telegram asked for a pause. */
  tooManyRequestsLastMinute: Type.Integer(),
  /** Until then Telegram wants to hear nothing of this bot; Unix time in milliseconds. */
  waitsUntil: Type.Optional(Type.Integer()),
  /** Chats that Telegram wants to hear nothing for, with the time until which; the longest first, at most 20. */
  waitingChats: Type.Array(
    strict({ chatId: Type.Union([Type.Integer(), Type.String()]), until: Type.Integer() }),
  ),
});
export type BotStatus = Static<typeof botStatusSchema>;
