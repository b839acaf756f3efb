import {
  type BotLogEntry,
  type BotMessage,
  type BotStreams,
  botStreamGroup,
  redisKeys,
} from '@heavy/contracts';
import { redactText } from '@heavy/service';
import type { Redis } from 'ioredis';
import type { StreamName } from './chat.ts';
import type { Ending } from './metrics.ts';
import type { MalformedEntry } from './parse-entry.ts';
import { botsScript } from './script.ts';

/** What became of an entry, told before it is acknowledged: so it may be told again, and has to be recorded idempotently. */
export interface BotOutcome {
  botId: number;
  stream: StreamName;
  entryId: string;
  /** All fields of the entry: those that are not ours too. */
  fields: Readonly<Record<string, string>>;
  entry: BotLogEntry;
  /** How it ended: `ambiguous` where it may have been sent. */
  ending: Ending;
}
export type OnBotOutcome = (outcome: BotOutcome) => Promise<void> | void;

/** The result of trying: `sentMessageId` where there is a message. */
export interface Result {
  ok: boolean;
  sentMessageId?: number | undefined;
  details?: string | undefined;
}

/** The log entry of a message. */
export const logEntryOf = (
  { type, data }: BotMessage,
  { ok, sentMessageId, details }: Result,
): BotLogEntry => ({
  type,
  status: ok ? 1 : 0,
  bot_id: data.bot_id,
  chat_id: data.chat_id,
  ...(data.text === undefined ? {} : { text: data.text }),
  ...(data.reply_markup === undefined ? {} : { reply_markup: data.reply_markup }),
  ...(data.reply_to_message_id === undefined ? {} : { reply_to_message_id: data.reply_to_message_id }),
  ...(data.message_id === undefined ? {} : { message_id: data.message_id }),
  ...(sentMessageId === undefined ? {} : { sent_msg_id: sentMessageId }),
  ...(details === undefined ? {} : { details: redactText(details) }),
  ...(data.external_id === undefined ? {} : { external_id: data.external_id }),
});

/** The log entry of what is no message. */
export const logEntryOfMalformed = (
  botId: number,
  { type, fault, chatId, externalId }: MalformedEntry,
): BotLogEntry => ({
  ...{ type: redactText(type), status: 0, bot_id: botId, chat_id: chatId, details: redactText(fault) },
  ...(externalId === undefined ? {} : { external_id: externalId }),
});

/** Of a dead letter, so much is kept of each field. */
const maxFieldChars = 64 * 1024;

/** What may stand in an entry by mistake: a bot's token, in full or cut short. */
const tokens = /\d{1,20}:[\w-]{20,}/g;

/** A dead letter: the entry as it came, cut where it is long; of what is no message, without what looks like a token. */
const deadLetter = (
  stream: string,
  id: string,
  fields: Readonly<Record<string, string>>,
  reason: string,
  isMessage: boolean,
): string[] => {
  const shown = (text: string): string =>
    isMessage ? text.slice(0, maxFieldChars) : text.slice(0, maxFieldChars).replace(tokens, '[redacted]');
  const cut = Object.entries(fields).filter(([, value]) => value.length > maxFieldChars);
  return [
    // A few fields are ours; more than some are nobody's.
    ...Object.entries(fields)
      .slice(0, 16)
      .flatMap(([name, value]) => [shown(name), shown(value)]),
    ...cut
      .slice(0, 1)
      .flatMap(([name, value]) => ['cut', `${shown(name).slice(0, 64)}: ${value.length} characters`]),
    ...['reason', redactText(reason), 'stream', stream, 'entry', id],
  ];
};

const settleScript = botsScript<0 | 1>('settle');

export interface Settling {
  botId: number;
  /** The stream's whole name. */
  stream: string;
  entryId: string;
  /** The entry's field in the attempts. */
  attempt: string;
  fields: Readonly<Record<string, string>>;
  entry: BotLogEntry;
  /** Whether it could be read. */
  isMessage: boolean;
  /** Whether the bot's owner wants to know. */
  log: boolean;
  logsKept: number;
  deadKept: number;
}

/** Ends an entry: log entry, dead letter, acknowledgement, all in one step. False where somebody else has done so. */
export const settle = async (redis: Redis, streams: BotStreams, given: Settling): Promise<boolean> => {
  const { botId, stream, entryId, fields, entry } = given;
  const keys = [stream, streams.logs(botId), streams.dead(botId), redisKeys.bots.attempts(botId)];
  const dead =
    entry.status === 1 ? [] : deadLetter(stream, entryId, fields, entry.details ?? '', given.isMessage);
  const settled = await settleScript(redis, keys, [
    ...[botStreamGroup, entryId, given.attempt, entry.type],
    ...[given.log ? JSON.stringify(entry) : '', given.logsKept, given.deadKept],
    ...dead,
  ]);
  return settled === 1;
};
