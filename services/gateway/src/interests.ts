import { type MessageInterest, redisKeys } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import type { Redis } from 'ioredis';

const freshMs = 1000;

/**
 * Whether some service has registered to see such a message (`updates:interests`). What was read holds for a second, for all
 * messages together.
 */
export const createInterests = (redis: Redis) => {
  let known: ReadonlySet<string> = new Set();
  let staleAt = 0;
  let reading: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    try {
      known = new Set(await redis.hvals(redisKeys.messageInterests));
      staleAt = performance.now() + freshMs;
    } finally {
      reading = undefined;
    }
  };
  const has = (interest: MessageInterest): boolean => known.has(interest);

  return async ({ outgoing }: Pick<IncomingMessage, 'outgoing'>): Promise<boolean> => {
    if (performance.now() >= staleAt) {
      reading ??= read();
      await reading;
    }
    return has('all') || (outgoing && has('own'));
  };
};
