import { redisKeys } from '@heavy/contracts';
import {
  openBotToken,
  type SessionKey,
  SessionUnreadable,
  sealBotToken,
  sealedWith,
  sessionKeyId,
} from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { Failed } from './command.ts';

const key = redisKeys.bots.registry;

/** What the registry is to say of a bot, its token sealed with the new key; as it was where that is so already. */
const resealed = (botId: string, text: string, old: SessionKey, next: SessionKey): string => {
  try {
    const bot: Record<string, unknown> = JSON.parse(text);
    const token = String(bot['token']);
    if (sealedWith(token) === sessionKeyId(next)) return text;
    return JSON.stringify({ ...bot, token: sealBotToken(openBotToken(token, [old]), next) });
  } catch (cause) {
    if (!(cause instanceof SessionUnreadable || cause instanceof SyntaxError)) throw cause;
    const why = cause instanceof SessionUnreadable ? cause.message : 'What Redis keeps of it cannot be read.';
    throw new Failed(`Bot ${botId}: ${why} Add it again, or remove it. Nothing was changed.`, { cause });
  }
};

/**
 * Seals the tokens of all bots with another key, in one step; a bot that is added or removed meanwhile has it begin anew. Resolves with
 * the number of bots. The connection must be nobody else's.
 * @throws {Failed} where one of them cannot be opened.
 */
export const resealBotTokens = async (redis: Redis, old: SessionKey, next: SessionKey): Promise<number> => {
  for (;;) {
    await redis.watch(key);
    const bots = Object.entries(await redis.hgetall(key));
    if (bots.length === 0) return 0;
    const fields = bots.flatMap(([botId, text]) => [botId, resealed(botId, text, old, next)]);
    // Null where the registry is another by now.
    if (
      (await redis
        .multi()
        .hset(key, ...fields)
        .exec()) !== null
    )
      return bots.length;
  }
};
