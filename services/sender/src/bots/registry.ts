import { redisKeys } from '@heavy/contracts';
import { openBotToken, type SessionKey, sealBotToken } from '@heavy/telegram';
import type { Redis } from 'ioredis';

/** A bot as Redis keeps it. */
export interface RegisteredBot {
  /** Sealed. */
  token: string;
  isSentLogs: boolean;
  username?: string;
}

const key = redisKeys.bots.registry;

/** What was written of a bot; undefined where that cannot be read. */
export const readBot = (text: string): RegisteredBot | undefined => {
  try {
    const { token, isSentLogs, username }: Partial<Record<string, unknown>> = JSON.parse(text) ?? {};
    if (typeof token !== 'string') return undefined;
    const name = typeof username === 'string' ? { username } : {};
    return { token, isSentLogs: isSentLogs === true, ...name };
  } catch {
    // Not written by us.
    return undefined;
  }
};

/**
 * The token of a registered bot.
 * @throws {SessionUnreadable} where the key is another, or none.
 */
export const tokenOf = (bot: RegisteredBot, sessionKey: SessionKey | undefined): string =>
  openBotToken(bot.token, sessionKey ? [sessionKey] : []);

export const registerBot = async (
  redis: Redis,
  botId: number,
  bot: RegisteredBot,
  sessionKey: SessionKey,
): Promise<'added' | 'updated'> => {
  const sealed: RegisteredBot = { ...bot, token: sealBotToken(bot.token, sessionKey) };
  return (await redis.hset(key, String(botId), JSON.stringify(sealed))) === 1 ? 'added' : 'updated';
};

/** Whether it was there. */
export const unregisterBot = async (redis: Redis, botId: number): Promise<boolean> =>
  (await redis.hdel(key, String(botId))) === 1;
