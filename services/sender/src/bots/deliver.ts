import type { BotMessage, BotStreams } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import type { Api } from 'grammy';
import type { Redis } from 'ioredis';
import { type Attempts, attemptField } from './attempts.ts';
import { type Fate, fateOf } from './call-fate.ts';
import type { Chat, Item } from './chat.ts';
import { chatIdOf, pacesOf } from './chat.ts';
import { explains } from './chats.ts';
import { composeCalls } from './compose.ts';
import type { Floods } from './floods.ts';
import type { BotLease } from './leases.ts';
import type { BotMetrics, Ending } from './metrics.ts';
import { logEntryOf, logEntryOfMalformed, type OnBotOutcome, type Result, settle } from './outcome.ts';
import { clock, type Pace, type Turn } from './pace.ts';
import { parseEntry } from './parse-entry.ts';
import type { BotsSettings } from './settings.ts';

/** What the delivery of a bot's messages works with. */
export interface Delivery {
  botId: number;
  isSentLogs: boolean;
  api: Api;
  lease: BotLease;
  redis: Redis;
  streams: BotStreams;
  settings: BotsSettings;
  floods: Floods;
  attempts: Attempts;
  metrics: BotMetrics;
  log: Logger;
  onOutcome: OnBotOutcome | undefined;
  /** Of all the bot's calls. */
  pace: Pace;
  tell(what: 'sent' | 'failed' | 'tooManyRequests'): void;
  /** The Bot API was reached, or could not be, or does not know the token. */
  link(state: 'up' | 'unreached' | 'refused', details?: string): void;
  onTrip(ms: number): void;
}

/** `ended`: it has its outcome. `later`: it stays first in line. */
type Delivered = 'ended' | 'later';

const firstBackoffMs = 1000;
const longestBackoffMs = 60_000;
const backoffMs = (times: number): number =>
  Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(times - 1, 10)) * (0.75 + Math.random() / 2);

const outcomeAttempts = 5;

/** Ends an entry, after whoever wants to has been told. */
const end = async (
  delivery: Delivery,
  item: Pick<Item, 'stream' | 'id'>,
  fields: Record<string, string>,
  given: { message: BotMessage; result: Result } | { malformed: Parameters<typeof logEntryOfMalformed>[1] },
  ending: Ending,
): Promise<void> => {
  const { botId, redis, streams, settings, log, metrics } = delivery;
  const entry =
    'message' in given
      ? logEntryOf(given.message, given.result)
      : logEntryOfMalformed(botId, given.malformed);
  for (let attempt = 1; delivery.onOutcome; attempt += 1)
    try {
      await delivery.onOutcome({ botId, stream: item.stream, entryId: item.id, fields, entry, ending });
      break;
    } catch (err) {
      log.error({ err, botId, entry: item.id, attempt }, 'the outcome of a message was not recorded');
      if (attempt === outcomeAttempts) break;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt)));
    }
  const isFirst = await settle(redis, streams, {
    botId,
    stream: streams[item.stream](botId),
    entryId: item.id,
    attempt: attemptField(item),
    ...{ fields, entry, isMessage: 'message' in given, log: delivery.isSentLogs },
    logsKept: settings.BOTS_LOGS_KEPT,
    deadKept: settings.BOTS_DEAD_KEPT,
  });
  if (!isFirst) return;
  metrics.ended(botId, ending);
  metrics.waited(item.stream, Date.now() - Number(item.id.split('-')[0]));
  if (entry.status === 1) return;
  delivery.tell('failed');
  const { type, chat_id: chatId, details } = entry;
  log.warn({ botId, stream: item.stream, entry: item.id, type, chatId, details }, `message ${ending}`);
};

/** Ends an entry that is no message; an entry that is one is given back. */
export const endUnlessMessage = async (
  delivery: Delivery,
  item: Pick<Item, 'stream' | 'id'>,
  fields: Record<string, string>,
): Promise<BotMessage | undefined> => {
  const parsed = parseEntry(fields, delivery.botId);
  if ('message' in parsed) return parsed.message;
  await end(delivery, item, fields, parsed, 'malformed');
  return undefined;
};

const partOf = ({ sent }: Item, count: number): string =>
  count > 1 ? `Part ${sent.length + 1} of ${count}` : 'The message';
const sentSoFar = ({ sent }: Item): string =>
  sent.length === 0 ? '' : ` Sent before it: ${sent.join(', ')}.`;

/** What a call's error comes to; undefined where it is to be tried again. */
const resultOfFate = (
  delivery: Delivery,
  { chat, item, message, count }: { chat: Chat; item: Item; message: BotMessage; count: number },
  fate: Fate,
): (Result & { ending: Ending }) | undefined => {
  const { settings, floods, botId, log } = delivery;
  const now = clock();
  const repeat = (details: string): (Result & { ending: Ending }) | undefined => {
    item.failing = { since: item.failing?.since ?? now, times: (item.failing?.times ?? 0) + 1 };
    if (now - item.failing.since >= settings.BOT_RETRY_FOR_MS)
      return {
        ...{ ok: false, ending: 'failed' },
        details: `${partOf(item, count)} was not sent: ${details}, after ${item.failing.times} attempts.${sentSoFar(item)}`,
      };
    chat.waitUntil = now + backoffMs(item.failing.times);
    return undefined;
  };
  switch (fate.kind) {
    case 'wait': {
      const scope = floods.refused(chat, fate.waitMs, explains(chat, item, now));
      for (const pace of scope === 'bot' ? [delivery.pace] : pacesOf(chat, item)) pace.slowDown(now);
      chat.waitUntil = now + fate.waitMs;
      delivery.metrics.tooManyRequests(botId, scope);
      delivery.tell('tooManyRequests');
      log.info({ botId, chatId: chat.id, scope, waitMs: fate.waitMs }, 'Telegram asks for a pause');
      return undefined;
    }
    case 'again':
      return repeat(fate.details);
    case 'unreached':
    case 'refused':
      delivery.link(fate.kind, fate.details);
      return undefined;
    case 'migrated':
      chat.id = fate.to;
      return undefined;
    case 'ambiguous':
      // An edit or a deletion may be made twice.
      if (message.type !== 'send_msg') return repeat(fate.details);
      // Should its outcome not be written now, it is not sent again either.
      item.interrupted = true;
      return {
        ...{ ok: false, ending: 'ambiguous' },
        details: `${partOf(item, count)} may have been sent: ${fate.details}. It was not sent again.${sentSoFar(item)}`,
      };
    case 'failed': {
      const isAsWanted =
        (message.type === 'edit_msg' && /message is not modified/i.test(fate.details)) ||
        (message.type === 'del_msg' && item.failing && /message to delete not found/i.test(fate.details));
      if (isAsWanted) return { ok: true, ending: 'sent', sentMessageId: Number(message.data.message_id) };
      if (fate.chat) chat.unreachable = { until: now + settings.BOT_UNREACHABLE_MS, details: fate.details };
      return {
        ...{ ok: false, ending: 'failed' },
        details: `${count > 1 ? `${partOf(item, count)} was not sent: ` : ''}${fate.details}${sentSoFar(item)}`,
      };
    }
  }
};

/** What can be said of an entry without a call. */
const knownResult = ({
  chat,
  item,
  message,
  count,
}: {
  chat: Chat;
  item: Item;
  message: BotMessage;
  count: number;
}): (Result & { ending: Ending }) | undefined => {
  if (item.interrupted && message.type === 'send_msg')
    return {
      ...{ ok: false, ending: 'ambiguous' },
      details: `${partOf(item, count)} may have been sent: the sender was interrupted while it was on its way. It was not sent again.${sentSoFar(item)}`,
    };
  if (count === 0) return { ok: false, ending: 'failed', details: 'The text is empty.' };
  if (chat.unreachable && chat.unreachable.until > clock())
    return {
      ...{ ok: false, ending: 'failed' },
      details: `${chat.unreachable.details} (not tried again: this was Telegram’s answer for the chat a short while ago)${sentSoFar(item)}`,
    };
  return undefined;
};

/**
 * Carries out the next call of a message, and ends the entry where that was the last.
 * @throws {BotLeaseLost} where the bot is not this replica's any more: nothing was sent.
 */
export const deliver = async (
  delivery: Delivery,
  chat: Chat,
  item: Item,
  fields: Record<string, string>,
  turn: Turn,
): Promise<Delivered> => {
  const message = await endUnlessMessage(delivery, item, fields);
  if (!message) return 'ended';
  const calls = composeCalls(message);
  const about = { chat, item, message, count: calls.length };
  const finish = async ({ ending, ...result }: Result & { ending: Ending }): Promise<Delivered> => {
    const moved = chat.id === chatIdOf(message.data.chat_id) ? '' : `The group is ${chat.id} now.`;
    const details = [result.details, moved].filter(Boolean).join(' ');
    const whole = { ...result, details: details === '' ? undefined : details };
    await end(delivery, item, fields, { message, result: whole }, ending);
    return 'ended';
  };
  const known = knownResult(about);
  const call = calls[item.sent.length];
  if (known || !call) {
    giveBack(delivery, chat, item, turn);
    return finish(known ?? sentResult(item, calls.length));
  }
  const isNoted = message.type === 'send_msg';
  try {
    if (isNoted && !(await delivery.attempts.begin(item))) {
      giveBack(delivery, chat, item, turn);
      return 'ended';
    }
    delivery.lease.check();
  } catch (error) {
    giveBack(delivery, chat, item, turn);
    throw error;
  }
  turn.sentAt = clock();
  let messageId: number | undefined;
  try {
    messageId = await call(delivery.api, chat.id);
  } catch (error) {
    turn.answeredAt = clock();
    const fate = fateOf(error);
    if (!['unreached', 'refused', 'ambiguous'].includes(fate.kind)) delivery.link('up');
    const result = resultOfFate(delivery, about, fate);
    if (result) return finish(result);
    item.interrupted = false;
    if (isNoted) delivery.attempts.over(item);
    return 'later';
  }
  turn.answeredAt = clock();
  delivery.onTrip(turn.answeredAt - turn.sentAt);
  delivery.link('up');
  delivery.tell('sent');
  item.interrupted = false;
  delete item.failing;
  if (messageId !== undefined) item.sent.push(messageId);
  if (isNoted && item.sent.length < calls.length) {
    delivery.attempts.over(item);
    chat.partial = item;
    return 'later';
  }
  return finish(sentResult(item, calls.length));
};

const sentResult = ({ sent }: Item, count: number): Result & { ending: Ending } => ({
  ...{ ok: true, ending: 'sent', sentMessageId: sent.at(-1) },
  ...(count > 1 ? { details: `Sent in ${count} parts: ${sent.join(', ')}.` } : {}),
});

/** Nothing left: the limits do not count it. */
const giveBack = ({ pace }: Delivery, chat: Chat, item: Item, turn: Turn): void => {
  for (const one of [pace, ...pacesOf(chat, item)]) one.giveBack(turn);
};
