import {
  type BotLogEntry,
  type BotStreams,
  botControlSchemas,
  botStreamGroup,
  faultOf,
} from '@heavy/contracts';
import { type Logger, redactText } from '@heavy/service';
import { isSealedBotToken, openBotToken, type SessionKey, SessionUnreadable } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { createBotApi } from './bot-api.ts';
import { fateOf } from './call-fate.ts';
import { type BotLease, BotLeaseLost } from './leases.ts';
import { readData } from './parse-entry.ts';
import { registerBot, unregisterBot } from './registry.ts';
import type { BotsSettings } from './settings.ts';
import { type Entry, ensureGroup, fieldsOf, type Source, type StreamReader } from './stream-reader.ts';

export interface ControlOptions {
  redis: Redis;
  streams: BotStreams;
  settings: BotsSettings;
  sessionKey: SessionKey | undefined;
  reader: StreamReader;
  instance: string;
  log: Logger;
  /** The registry has changed. */
  onChange(): void;
}

/** Why a word of the control stream was not followed, and whose bot it was about. */
class Refused extends Error {
  override readonly name = 'Refused';
}

type Word = keyof typeof botControlSchemas;
const isWord = (type: string): type is Word => Object.hasOwn(botControlSchemas, type);

const retryAfterMs = 2000;
const longestTries = 30;

/** @throws {Refused} where it is sealed with another key, or damaged. */
const inClear = (token: string, key: SessionKey): string => {
  if (!isSealedBotToken(token)) return token;
  try {
    return openBotToken(token, [key]);
  } catch (cause) {
    if (cause instanceof SessionUnreadable) throw new Refused(cause.message, { cause });
    throw cause;
  }
};

/** What a control entry says, or why it says nothing. */
const readWord = (
  fields: Readonly<Record<string, string>>,
): { type: string; botId?: number; data?: Record<string, unknown>; word?: Word; fault?: string } => {
  const type = (fields['type'] ?? '').slice(0, 64);
  // A pulse says nothing, with or without data.
  if (type === 'pulse') return { type, word: 'pulse', data: {} };
  const read = readData(fields['data']);
  if ('fault' in read) return { type, fault: read.fault };
  const data =
    typeof read.value === 'object' && read.value !== null
      ? Object.fromEntries(Object.entries(read.value))
      : {};
  const id: unknown = data['bot_id'];
  const about = {
    type,
    ...(typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? { botId: id } : {}),
  };
  if (!isWord(type))
    return {
      ...about,
      fault: type === '' ? 'The entry has no field "type".' : `The type "${type}" is not known.`,
    };
  const fault = faultOf(botControlSchemas[type], read.value);
  return fault
    ? { ...about, fault: `"data" does not fit ${type}: ${fault}.` }
    : { ...about, data, word: type };
};

/** Follows the control stream, word by word in its order, for as long as this replica has it. */
export const followControl = async (options: ControlOptions, lease: BotLease): Promise<void> => {
  const { redis, streams, settings, sessionKey, reader, log } = options;
  const stream = streams.control;
  const known = new Set<string>();
  let last: Promise<void> = Promise.resolve();

  /** Adds a bot, once its token is proven. */
  const add = async (botId: number, given: string, isSentLogs: boolean): Promise<void> => {
    if (!sessionKey)
      throw new Refused(
        'HEAVY_SESSION_KEY is not set: without it no token can be kept, and no bot be added.',
      );
    const token = inClear(given, sessionKey);
    if (!token.startsWith(`${botId}:`)) throw new Refused(`The token is not that of the bot ${botId}.`);
    const api = createBotApi(token, settings.BOT_API_ROOT, settings.BOT_CALL_TIMEOUT_MS);
    const me = await api.getMe();
    if (me.id !== botId) throw new Refused(`The token is that of the bot ${me.id}, and not of ${botId}.`);
    lease.check();
    const outcome = await registerBot(redis, botId, { token, isSentLogs, username: me.username }, sessionKey);
    log.info({ botId, username: me.username, isSentLogs }, `bot ${outcome}`);
    options.onChange();
  };
  const follow = async (word: Word, data: Record<string, unknown>): Promise<void> => {
    const botId = Number(data['bot_id']);
    if (word === 'add_bot') return add(botId, String(data['token']), data['is_sent_logs'] === true);
    if (word === 'remove_bot') {
      const wasThere = await unregisterBot(redis, botId);
      log.info({ botId }, wasThere ? 'bot removed' : 'a bot was to be removed that is not there');
    }
    options.onChange();
  };
  /** Tries until there is an outcome: undefined, or why it was refused. */
  const outcomeOf = async (word: Word, data: Record<string, unknown>): Promise<string | undefined> => {
    for (let tries = 1; ; tries += 1) {
      lease.check();
      try {
        await follow(word, data);
        return undefined;
      } catch (error) {
        if (error instanceof Refused) return error.message;
        if (error instanceof BotLeaseLost) throw error;
        const fate = fateOf(error);
        if (fate.kind === 'refused') return `Telegram does not know the token: ${fate.details}.`;
        if (fate.kind === 'failed') return `${fate.details}.`;
        const details = 'details' in fate ? fate.details : fate.kind;
        if (tries === longestTries) return `The token could not be proven: ${details}, ${tries} times.`;
        log.warn({ details, tries }, 'a bot’s token could not be proven yet');
        const waitMs = fate.kind === 'wait' ? fate.waitMs : retryAfterMs;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  };
  /** One entry, from reading to acknowledgement. What is refused is told in the logs stream of its bot, where that can be known. */
  const handle = async ([id, fields]: Entry): Promise<void> => {
    const { type, botId, word, data, fault } = readWord(fields);
    const refusal = word && data ? await outcomeOf(word, data) : fault;
    lease.check();
    const ending = redis.multi().xack(stream, botStreamGroup, id).xdel(stream, id);
    if (refusal !== undefined) {
      const about = { type: redactText(type), details: redactText(refusal) };
      log.warn({ botId, entry: id, ...about }, 'a word of the control stream was refused');
      if (botId !== undefined) {
        const entry: BotLogEntry = { ...about, status: 0, bot_id: botId, chat_id: null };
        const { BOTS_LOGS_KEPT: logsKept, BOTS_DEAD_KEPT: deadKept } = settings;
        const row = ['type', entry.type, 'data', JSON.stringify(entry)];
        ending.xadd(streams.logs(botId), 'MAXLEN', '~', logsKept, '*', ...row);
        // Its data may hold a token, and is not kept.
        const dead = ['type', about.type, 'reason', about.details, 'stream', stream, 'entry', id];
        ending.xadd(streams.dead(botId), 'MAXLEN', '~', deadKept, '*', ...dead);
      }
    }
    await ending.exec();
    known.delete(id);
  };
  /** What failed in itself has been refused by then: this is Redis, which is asked until it answers. */
  const handleSurely = async (entry: Entry): Promise<void> => {
    while (!lease.signal.aborted)
      try {
        await handle(entry);
        return;
      } catch (err) {
        if (lease.signal.aborted) return;
        log.error({ err, entry: entry[0] }, 'a word of the control stream was not followed: trying again');
        await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      }
  };
  const take = (entries: Entry[]): void => {
    for (const entry of entries) {
      if (known.has(entry[0])) continue;
      known.add(entry[0]);
      last = last.then(() => handleSurely(entry));
    }
  };
  const claim = async (): Promise<void> => {
    let cursor = '0-0';
    do {
      const page = ['0', cursor, 'COUNT', '64'];
      const reply = await redis.call('XAUTOCLAIM', stream, botStreamGroup, options.instance, ...page);
      const [next, entries] = reply as [string, [string, string[] | null][]];
      take(entries.map(([id, fields]) => [id, fieldsOf(fields ?? [])]));
      cursor = next;
    } while (cursor !== '0-0' && !lease.signal.aborted);
  };
  const source: Source = {
    stream,
    wants: () => known.size < 64,
    offer: take,
    reclaim: () =>
      void claim().catch((err: unknown) => log.warn({ err }, 'pending control words were not claimed')),
  };
  await ensureGroup(redis, stream);
  await claim();
  if (lease.signal.aborted) return;
  lease.signal.addEventListener('abort', () => void reader.remove(source), { once: true });
  reader.add(source);
};
