import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

const wordPattern = /^[a-z][a-z0-9_]{0,31}$/;

export interface CommandWords {
  /**
   * Makes these words the service's, durably: a command typed while the service is down waits in its queue. Words that the
   * service owned before and does not name now are given up.
   * @throws {TypeError} where a word is not lower-case letters, digits and underscores.
   */
  register(words: readonly string[]): Promise<void>;
  /** Says them once more, should Redis have lost them. */
  repeat(): Promise<void>;
}

/** The hash `commands:words` (word → service), as far as one service is concerned. */
export const createCommandWords = (redis: Redis, service: string): CommandWords => {
  let registered: readonly string[] = [];

  const write = async (): Promise<void> => {
    if (registered.length === 0) return;
    await redis.hset(redisKeys.commandWords, Object.fromEntries(registered.map((word) => [word, service])));
  };

  return {
    async register(words) {
      const wrong = words.filter((word) => !wordPattern.test(word));
      if (wrong.length > 0)
        throw new TypeError(`not command words (${wordPattern.source}): ${wrong.join(', ')}`);
      registered = [...words];
      await write();
      const all = await redis.hgetall(redisKeys.commandWords);
      const stale = Object.entries(all)
        .filter(([word, owner]) => owner === service && !words.includes(word))
        .map(([word]) => word);
      if (stale.length > 0) await redis.hdel(redisKeys.commandWords, ...stale);
    },
    repeat: write,
  };
};
