import { redisKeys } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import type { Redis } from 'ioredis';

/**
 * What became of the command in a message. `accepted`: counted, and perhaps not published yet. `refused`: beyond the limit of
 * requests, and it will not run. `published`: the broker has the event, or never will.
 */
export type Fate = 'accepted' | 'refused' | 'published';

const shortestLifeS = 48 * 3600;

const fateOf = (value: string): Fate => (value === 'accepted' || value === 'refused' ? value : 'published');

/**
 * Remembers which messages were commands, so that each is one once, however often it is told, and in whichever wording. For 48
 * hours, or twice the time after which a command is too old, if that is longer.
 */
export const createPublished = (redis: Redis, maxAgeS: number) => {
  const keyOf = (account: number, { chat, id }: IncomingMessage): string =>
    redisKeys.published(account, chat.id, id);
  const lifeS = Math.max(shortestLifeS, 2 * maxAgeS);

  return {
    lifeS,
    keyOf,
    /** Null for a message that was no command so far. */
    async fateOf(account: number, message: IncomingMessage): Promise<Fate | null> {
      const value = await redis.get(keyOf(account, message));
      return value === null ? null : fateOf(value);
    },
    /** That it was accepted is noted where it is counted. What is known already stays: another process may have gone on by now. */
    async refused(account: number, message: IncomingMessage): Promise<void> {
      await redis.set(keyOf(account, message), 'refused' satisfies Fate, 'EX', lifeS, 'NX');
    },
    async published(account: number, message: IncomingMessage, eventId: string): Promise<void> {
      await redis.set(keyOf(account, message), eventId, 'EX', lifeS);
    },
  };
};

export type Published = ReturnType<typeof createPublished>;
