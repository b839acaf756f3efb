import {
  type BotStatus,
  type BotStreams,
  botStatusSchema,
  botStreamGroup,
  faultOf,
  redisKeys,
} from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { withoutGroup } from './entries.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();
export const isoOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));

/** How long a stream is, how much of it is being worked on, and how old its oldest entry is. */
const queueOf = async (redis: Redis, stream: string) => {
  const [length, pending, oldest] = await Promise.all([
    redis.xlen(stream),
    redis.xpending(stream, botStreamGroup).catch(withoutGroup),
    redis.xrange(stream, '-', '+', 'COUNT', 1),
  ]);
  const [id] = oldest[0] ?? [];
  return {
    length,
    being_sent: Number(pending[0] ?? 0),
    oldest_age_ms: id === undefined ? null : Math.max(0, Date.now() - Number(id.split('-', 1)[0])),
  };
};

/** Whether the bot has been added, and not removed. */
export const isBot = async (redis: Redis, botId: number): Promise<boolean> =>
  (await redis.hexists(redisKeys.bots.registry, `${botId}`)) === 1;

/** Ids of all bots, in their order. */
export const botIds = async (redis: Redis): Promise<number[]> =>
  (await redis.hkeys(redisKeys.bots.registry)).map(Number).sort((a, b) => a - b);

/** What the replica that serves it wrote last; of what cannot be read nothing is known, and other bots are shown still. */
const statusOf = (text: string | null): BotStatus | null => {
  if (text === null) return null;
  try {
    const status: unknown = JSON.parse(text);
    return faultOf(botStatusSchema, status) === null ? (status as BotStatus) : null;
  } catch {
    return null;
  }
};

/** Everything that can be known of a bot, but its token. */
export const viewOfBot = async (redis: Redis, streams: BotStreams, botId: number) => {
  const [regular, broadcast, logEntries, deadLetters, statusText] = await Promise.all([
    queueOf(redis, streams.regular(botId)),
    queueOf(redis, streams.broadcast(botId)),
    redis.xlen(streams.logs(botId)),
    redis.xlen(streams.dead(botId)),
    redis.get(redisKeys.bots.status(botId)),
  ]);
  const status = statusOf(statusText);
  return {
    bot_id: botId,
    served_by: status?.holder ?? null,
    queues: { regular, broadcast },
    log_entries: logEntries,
    dead_letters: deadLetters,
    last_minute: status && {
      sent: status.sentLastMinute,
      failed: status.failedLastMinute,
      too_many_requests: status.tooManyRequestsLastMinute,
    },
    waits_until: isoOrNull(status?.waitsUntil),
    waiting_chats: (status?.waitingChats ?? []).map(({ chatId, until }) => ({
      chat_id: chatId,
      until: iso(until),
    })),
  };
};
