import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Chat } from './chat.ts';
import { clock, type Pace } from './pace.ts';

/** The calls of a bot's last minute, as whoever served it before has left them. */
export interface SavedPace {
  restoreBot(pace: Pace): void;
  restore(chat: Chat): void;
}

interface Saved {
  bot: number[];
  /** Chat → when it was sent something, and when something was edited in it. */
  chats: Record<string, [sends: number[], edits: number[]]>;
}

const keptMs = 60_000;
/** So many chats at most: those that were sent most. */
const mostChats = 1000;

const offsetOf = async (redis: Redis): Promise<number> => {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Number(micros) / 1000 - clock();
};

/** Keeps the calls of the last minute in Redis, by Redis' clock. */
export const savePace = async (
  redis: Redis,
  botId: number,
  bot: Pace,
  chats: Iterable<Chat>,
): Promise<void> => {
  const offset = await offsetOf(redis);
  const now = clock();
  const rows = [...chats]
    .map((chat) => ({
      key: chat.key,
      sends: chat.sends.at(-1)?.recent(now) ?? [],
      edits: chat.edits.recent(now),
    }))
    .filter(({ sends, edits }) => sends.length + edits.length > 0)
    .sort((a, b) => b.sends.length + b.edits.length - a.sends.length - a.edits.length)
    .slice(0, mostChats);
  const shift = (times: number[]): number[] => times.map((at) => Math.ceil(at + offset));
  const saved: Saved = {
    bot: shift(bot.recent(now)),
    chats: Object.fromEntries(rows.map(({ key, sends, edits }) => [key, [shift(sends), shift(edits)]])),
  };
  await redis.set(redisKeys.bots.pace(botId), JSON.stringify(saved), 'PX', keptMs);
};

export const loadPace = async (redis: Redis, botId: number): Promise<SavedPace> => {
  const [text, offset] = await Promise.all([redis.get(redisKeys.bots.pace(botId)), offsetOf(redis)]);
  // Written by savePace and nobody else.
  const saved: Saved = text === null ? { bot: [], chats: {} } : JSON.parse(text);
  const chats = new Map(Object.entries(saved.chats));
  const repeat = (times: readonly number[], pace: Pace): void => {
    for (const at of times) pace.take({ sentAt: at - offset, answeredAt: at - offset });
  };
  return {
    restoreBot: (pace) => repeat(saved.bot, pace),
    restore: (chat) => {
      const [sends, edits] = chats.get(chat.key) ?? [[], []];
      for (const pace of chat.sends) repeat(sends, pace);
      repeat(edits, chat.edits);
      chats.delete(chat.key);
    },
  };
};
