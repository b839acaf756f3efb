import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

/** When an object was last asked for, where it ever was, and how often. */
export interface Asked {
  at?: Date;
  count: number;
}

/** What is asked for how often, by object key; shared by all who answer from one store. */
export interface AskedRecord {
  /** Notes that the object was asked for now, `times` times (once by default). */
  asked(key: string, times?: number): Promise<void>;
  /** In the order of `keys`. */
  of(keys: readonly string[]): Promise<Asked[]>;
  forget(key: string): Promise<void>;
}

/** So many keys to a command, so that Redis is not held up by a large store. */
const atOnce = 1000;

type Scores = (string | number | null)[];

/** Keeps the record in two sorted sets of Redis, by time and by count. */
export const createAskedRecord = (redis: Redis, now: () => number = Date.now): AskedRecord => {
  const together = async (transaction: ReturnType<Redis['multi']>): Promise<unknown[]> =>
    ((await transaction.exec()) ?? []).map(([error, result]) => {
      if (error) throw error;
      return result;
    });

  return {
    async asked(key, times = 1) {
      // GT: the clock of another replica may be ahead of ours.
      await together(
        redis.multi().zadd(redisKeys.askedAt, 'GT', now(), key).zincrby(redisKeys.askedCount, times, key),
      );
    },

    async of(keys) {
      const found: Asked[] = [];
      for (let from = 0; from < keys.length; from += atOnce) {
        const some = keys.slice(from, from + atOnce);
        const [times, counts] = (await together(
          redis
            .multi()
            .zmscore(redisKeys.askedAt, ...some)
            .zmscore(redisKeys.askedCount, ...some),
        )) as [Scores, Scores];
        for (const index of some.keys()) {
          const at = times[index] ?? null;
          found.push({
            ...(at === null ? {} : { at: new Date(Number(at)) }),
            count: Number(counts[index] ?? 0),
          });
        }
      }
      return found;
    },

    async forget(key) {
      await together(redis.multi().zrem(redisKeys.askedAt, key).zrem(redisKeys.askedCount, key));
    },
  };
};
