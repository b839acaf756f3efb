import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Chat } from './chat.ts';
import { clock } from './pace.ts';

/** Telegram's pauses for one bot: whose they are, until when, and kept in Redis for whoever has the bot next. */
export interface Floods {
  /** Until then the bot says nothing. */
  readonly botUntil: number;
  /** Takes a 429 and tells whose it is: the chat's, or the whole bot's. */
  refused(chat: Chat, waitMs: number, isExplained: boolean): 'chat' | 'bot';
  /** Until when a chat waits that was not seen since the bot came here. */
  remembered(chatKey: string): number;
  /** Chats that wait, the longest first. */
  waiting(): { chatKey: string; until: number }[];
}

/** Refusals within so long of each other are looked at together. */
const togetherMs = 5000;
const botField = '*';

/**
 * The Bot API does not say whether a 429 is about the chat or about the bot. It is taken as the chat's, unless another chat was refused
 * in the last 5 s too: then as the bot's, if the calls that this one made do not explain it (`isExplained`), and from the
 * third chat on in any case.
 */
export const loadFloods = async (redis: Redis, botId: number): Promise<Floods> => {
  const key = redisKeys.bots.waits(botId);
  const [time, kept] = await Promise.all([redis.time(), redis.hgetall(key)]);
  // By Redis' clock in Redis, by our own here.
  const offset = Number(time[0]) * 1000 + Number(time[1]) / 1000 - clock();
  const untils = new Map(
    Object.entries(kept)
      .map(([field, until]) => [field, Number(until) - offset] as const)
      .filter(([, until]) => until > clock()),
  );
  let refusals: { chatKey: string; at: number }[] = [];

  const keep = (field: string, until: number): void => {
    const now = clock();
    const over = [...untils].filter(([, end]) => end <= now).map(([one]) => one);
    for (const one of over) untils.delete(one);
    untils.set(field, until);
    const longest = Math.max(...untils.values()) - now;
    redis
      .multi()
      .hdel(key, '', ...over)
      .hset(key, field, Math.ceil(until + offset))
      .pexpire(key, Math.ceil(longest) + 1000)
      .exec()
      .catch(() => undefined); // What Redis does not know is found out by being refused again.
  };

  return {
    get botUntil() {
      return untils.get(botField) ?? 0;
    },
    refused: (chat, waitMs, isExplained) => {
      const now = clock();
      refusals = refusals.filter(({ at, chatKey }) => at > now - togetherMs && chatKey !== chat.key);
      const others = new Set(refusals.map(({ chatKey }) => chatKey)).size;
      refusals.push({ chatKey: chat.key, at: now });
      const scope = others >= 2 || (others === 1 && !isExplained) ? 'bot' : 'chat';
      const until = now + waitMs;
      keep(chat.key, until);
      if (scope === 'bot') keep(botField, Math.max(until, untils.get(botField) ?? 0));
      return scope;
    },
    remembered: (chatKey) => untils.get(chatKey) ?? 0,
    waiting: () =>
      [...untils]
        .filter(([field, until]) => field !== botField && until > clock())
        .map(([chatKey, until]) => ({ chatKey, until }))
        .sort((a, b) => b.until - a.until),
  };
};
