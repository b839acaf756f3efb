import { botMessageSchemas, strict } from '@heavy/contracts';
import { type TSchema, Type } from 'typebox';
import { broadcastStates, recipientStatuses } from '../bots/broadcasts/broadcast.ts';

const { properties: message } = botMessageSchemas.send_msg;
const optional = <T extends TSchema>(schema: T, description: string) =>
  Type.Optional(Type.Unsafe<Type.Static<T>>({ ...schema, description }));

const instant = (description: string) => Type.String({ description, example: '2026-01-31T12:00:00.000Z' });
const count = (description: string) => Type.Integer({ minimum: 0, description });
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

const botId = Type.Integer({
  minimum: 1,
  maximum: 2 ** 53 - 1,
  description: 'The part of a token before the colon.',
});
const chatInAddress = Type.String({
  pattern: '^(-?[1-9][0-9]{0,15}|@[A-Za-z0-9_]{4,32})$',
  description: 'A chat’s id, or a channel’s or supergroup’s @username.',
});
const broadcastId = Type.String({ pattern: '^[0-9a-f]{24}$' });

export const botParams = strict({ botId });
export const messageParams = strict({
  botId,
  entryId: Type.String({
    pattern: '^[0-9]{1,16}-[0-9]{1,10}$',
    description: 'As the answer to its request named it.',
  }),
});
export const sentMessageParams = strict({
  botId,
  chatId: chatInAddress,
  messageId: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, description: 'As Telegram numbers it.' }),
});
export const broadcastParams = strict({ botId, broadcastId });

export const idempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'Drawn at random by you, one for each thing to be done. For 24 hours a repeat of the request with the same key does nothing and gets the first answer.',
    }),
  ),
});

const text = Type.Unsafe<string>({
  ...message.text,
  description: 'HTML, as Telegram knows it. What is longer than a message (4,096 UTF-16 units) is split.',
});
const replyMarkup = optional(
  message.reply_markup,
  'Buttons under the message; under its last part where it is split.',
);
const externalId = optional(message.external_id, 'A number of your own, given back in the log entry.');

export const addBotBody = strict({
  token: Type.String({
    pattern: '^[1-9][0-9]{0,15}:[A-Za-z0-9_-]{20,64}$',
    description: 'As @BotFather gave it. It is kept sealed, and never shown.',
  }),
  is_sent_logs: Type.Optional(
    Type.Boolean({ description: 'Whether the outcome of each message goes to the bot’s logs stream.' }),
  ),
});
export const sendBody = strict({
  chat_id: message.chat_id,
  text,
  reply_to_message_id: message.reply_to_message_id,
  reply_markup: replyMarkup,
  external_id: externalId,
});
export const editBody = Type.Object(
  {
    text: Type.Optional(
      Type.Unsafe<string>({ ...message.text, description: 'HTML. What is longer than a message is cut.' }),
    ),
    reply_markup: replyMarkup,
    external_id: externalId,
  },
  { additionalProperties: false, anyOf: [{ required: ['text'] }, { required: ['reply_markup'] }] },
);
const recipients = Type.Array(message.chat_id, {
  minItems: 1,
  maxItems: 100_000,
  description: 'Chats, in their order; whoever is named twice gets it once.',
});
export const createBroadcastBody = strict({
  text,
  reply_markup: replyMarkup,
  external_id: externalId,
  recipients: Type.Optional(recipients),
  start: Type.Optional(
    Type.Boolean({
      default: true,
      description: 'Whether it starts at once. If not, it is a draft, and more recipients can be added.',
    }),
  ),
});
export const recipientsBody = strict({ recipients });

/** @param cursor the pattern of what goes on from a page. */
export const pageQuery = (most: number, cursor: string) =>
  strict({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: most, default: 100 })),
    cursor: Type.Optional(Type.String({ pattern: cursor, description: '`next_cursor` of the page before.' })),
  });
export const outcomesQuery = strict({
  ...pageQuery(1000, '^[0-9]{1,9}$').properties,
  status: Type.Optional(Type.Enum([...recipientStatuses])),
});

const nextCursor = Type.Optional(Type.String({ description: 'Where to go on; not there on the last page.' }));
const queue = strict({
  length: count('Entries in the stream, those included that are being sent.'),
  being_sent: count('Entries that a replica of the sender has taken.'),
  oldest_age_ms: orNull(count('How long the oldest entry has been there.')),
});
const bot = strict({
  bot_id: Type.Integer(),
  served_by: orNull(
    Type.String({ description: 'The replica of the sender that serves it; null while there is none.' }),
  ),
  queues: strict({ regular: queue, broadcast: queue }),
  log_entries: count('Entries of its logs stream.'),
  dead_letters: count('Messages that were given up.'),
  last_minute: orNull(
    strict({
      sent: count('Messages that Telegram took.'),
      failed: count('Messages that it did not.'),
      too_many_requests: count('How often it asked for a pause.'),
    }),
  ),
  waits_until: orNull(instant('Until then Telegram wants to hear nothing of this bot.')),
  waiting_chats: Type.Array(
    strict({ chat_id: message.chat_id, until: instant('Until then Telegram wants to hear nothing for it.') }),
  ),
});
const accepted = strict({
  entry_id: Type.String({ description: 'The id of its entry in the stream.', example: '1767225600000-0' }),
});
const messageView = strict({
  entry_id: Type.String(),
  status: Type.Enum(['queued', 'sending', 'sent', 'failed', 'ambiguous', 'cancelled']),
  message_id: Type.Optional(Type.Integer({ description: 'As Telegram numbers it.' })),
  details: Type.Optional(Type.String()),
  at: Type.Optional(instant('When that was known.')),
});
const broadcast = strict({
  id: Type.String({ example: '0123456789abcdef01234567' }),
  bot_id: Type.Integer(),
  state: Type.Enum([...broadcastStates]),
  text: Type.String(),
  reply_markup: Type.Optional(message.reply_markup),
  external_id: message.external_id,
  created_at: instant('When it was made.'),
  started_at: orNull(instant('When it was started.')),
  ended_at: orNull(instant('When the last outcome was known.')),
  total: count('Recipients.'),
  sent: count('Telegram has it.'),
  failed: count('Telegram refused it.'),
  ambiguous: count('Telegram may have it or not: no answer came. It is not sent again.'),
  cancelled: count('Called off before it was sent.'),
  left: count('Not known yet.'),
  rate_per_second: Type.Number({ minimum: 0, description: 'Outcomes, over the last minute.' }),
  eta_seconds: orNull(count('At that rate; null while nobody can tell.')),
});
const outcomes = strict({
  outcomes: Type.Array(
    strict({
      place: count('In the list of recipients.'),
      chat_id: message.chat_id,
      status: Type.Enum([...recipientStatuses]),
      message_id: Type.Optional(Type.Integer()),
      details: Type.Optional(Type.String()),
      at: Type.Optional(instant('When that was known.')),
    }),
  ),
  next_cursor: nextCursor,
});
const problem = Type.Object(
  {
    type: Type.String({ example: 'urn:heavy:problem:bot_not_found' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(strict({ field: Type.String({ example: 'body/text' }), message: Type.String() })),
    ),
    correlation_id: Type.String({ description: 'Also in the header X-Correlation-Id, and in the logs.' }),
  },
  { description: 'RFC 9457' },
);

/** What several answers have in them, by its name in the document. */
export const sharedSchemas = { Bot: bot, Broadcast: broadcast, Problem: problem };

const shared = <N extends keyof typeof sharedSchemas>(name: N) =>
  Type.Unsafe<Type.Static<(typeof sharedSchemas)[N]>>({ $ref: `${name}#` });
/** An answer's body, with what the document says of it. */
const answer = <S extends TSchema>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
});

export const answers = {
  bot: answer('The bot', shared('Bot')),
  bots: answer('A page of bots', strict({ bots: Type.Array(shared('Bot')), next_cursor: nextCursor })),
  accepted: answer('It is in the stream', accepted),
  message: answer('How it stands', messageView),
  broadcast: answer('How it stands', shared('Broadcast')),
  broadcasts: answer(
    'A page of broadcasts',
    strict({ broadcasts: Type.Array(shared('Broadcast')), next_cursor: nextCursor }),
  ),
  outcomes: answer('A page of recipients', outcomes),
};

const problemAnswer = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: shared('Problem') } },
});
/** What any request may be answered besides what its route says. */
export const problems = {
  '4xx': problemAnswer('The request is at fault: its form, its key, its number, what it is about'),
  '5xx': problemAnswer('The request may be all right: try it again later'),
};
