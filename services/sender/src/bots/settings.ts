import { sessionKeySetting } from '@heavy/telegram';
import { type Static, Type } from 'typebox';

/** Environment variables of whoever serves bots. */
export const botsSettings = {
  BOTS: Type.Boolean({
    default: false,
    description: 'Whether messages for bots are taken from their Redis Streams: see docs/bots.md.',
  }),
  HEAVY_SESSION_KEY: sessionKeySetting,
  BOTS_STREAM_PREFIX: Type.String({
    pattern: '^[A-Za-z0-9._:-]{1,64}$',
    default: 'stream:tg_bot',
    description: 'What the names of the bots’ streams begin with.',
  }),
  BOT_API_ROOT: Type.String({
    pattern: '^https?://.*[^/]$',
    default: 'https://api.telegram.org',
    description: 'Root of the Bot API, without a slash at its end: Telegram’s, or that of a local server.',
  }),
  BOT_MESSAGES_PER_SECOND: Type.Integer({
    minimum: 0,
    default: 30,
    description: 'Calls a second that one bot makes at most; 0: as many as there are.',
  }),
  BOT_CHAT_INTERVAL_MS: Type.Integer({
    minimum: 0,
    default: 1000,
    description: 'Least time between two messages to one chat, in milliseconds.',
  }),
  BOT_GROUP_MESSAGES_PER_MINUTE: Type.Integer({
    minimum: 0,
    default: 20,
    description: 'Messages a minute to one group at most; 0: as many as there are.',
  }),
  BOT_EDITS_PER_MINUTE: Type.Integer({
    minimum: 0,
    default: 20,
    description: 'Edits a minute in one chat at most; 0: as many as there are.',
  }),
  BOT_CALL_TIMEOUT_MS: Type.Integer({
    minimum: 100,
    default: 60_000,
    description: 'How long one call to the Bot API may take, in milliseconds.',
  }),
  BOT_RETRY_FOR_MS: Type.Integer({
    minimum: 0,
    default: 600_000,
    description:
      'For how long a message is tried again that the Bot API answers with an error of its own (5xx).',
  }),
  BOT_UNREACHABLE_MS: Type.Integer({
    minimum: 0,
    default: 600_000,
    description:
      'For how long messages fail without a call to a chat that was not found, or whose user has blocked the bot.',
  }),
  BOTS_LEASE_MS: Type.Integer({
    minimum: 500,
    default: 10_000,
    description: 'How long a bot stays with a replica that gives no sign of life, in milliseconds.',
  }),
  BOTS_READ_AHEAD: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 256,
    description: 'Messages of one stream of a bot that are kept in memory.',
  }),
  BOTS_LOOK_PAST: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 5000,
    description:
      'Messages of one stream of a bot that may wait for their chats while what comes after them is served; of those beyond BOTS_READ_AHEAD only ids are kept.',
  }),
  BOTS_LOGS_KEPT: Type.Integer({
    minimum: 1,
    default: 10_000,
    description: 'Entries that the logs stream of a bot keeps, about.',
  }),
  BOTS_DEAD_KEPT: Type.Integer({
    minimum: 1,
    default: 10_000,
    description: 'Entries that the dead-letter stream of a bot keeps, about.',
  }),
};

const settings = Type.Object(botsSettings);
export type BotsSettings = Static<typeof settings>;
