import { readFileSync } from 'node:fs';
import type { Auth, Role } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** Where somebody stands in the present window. */
export type Requests = NonNullable<Auth['requests']>;

export interface RateLimitConfig {
  /** Seconds. */
  RATE_LIMIT_WINDOW: number;
  RATE_LIMIT_BLESSED: number;
  RATE_LIMIT_UNMOLESTED: number;
}

const script = readFileSync(new URL('scripts/count-accepted.lua', import.meta.url), 'utf8');

const requestsOf = (limit: number, count: number, resetMs: number): Requests => ({
  limit,
  left: Math.max(0, limit - count),
  resetS: Math.ceil(Math.max(0, resetMs) / 1000),
});

interface Deps {
  redis: Redis;
  config: RateLimitConfig;
  /** Names the counters. */
  keyOf: (userId: number) => string;
  /** Seconds for which it is remembered that a command was counted. */
  noteLifeS: number;
}

/**
 * A fixed window per user, which begins with the first command in it; only commands that are accepted count, each once. A call
 * waits while Redis is away: there is no counter in memory to let anybody in instead.
 */
export const createRateLimit = ({ redis, config, keyOf, noteLifeS }: Deps) => {
  const limiterOf = (points: number) =>
    new RateLimiterRedis({
      ...{ storeClient: redis, keyPrefix: '', points, duration: config.RATE_LIMIT_WINDOW },
      customIncrTtlLuaScript: `local noteLifeS = ${noteLifeS}\n${script}`,
    });
  const blessed = limiterOf(config.RATE_LIMIT_BLESSED);
  const others = limiterOf(config.RATE_LIMIT_UNMOLESTED);
  const of = (role: Role): RateLimiterRedis => (role === 'blessed' ? blessed : others);

  const consumed = async (limiter: RateLimiterRedis, key: string): Promise<RateLimiterRes> => {
    try {
      return await limiter.consume(key);
    } catch (error) {
      // Beyond the limit is told as a rejection, too.
      if (error instanceof RateLimiterRes) return error;
      throw error;
    }
  };

  return {
    /** Counts a command, if it is within the limit of the role, and notes under `noteKey` that it was accepted. */
    async take(
      userId: number,
      role: Role,
      noteKey: string,
    ): Promise<{ accepted: boolean; requests: Requests; resetMs: number }> {
      const limiter = of(role);
      const { consumedPoints, msBeforeNext } = await consumed(limiter, `${keyOf(userId)} ${noteKey}`);
      return {
        accepted: consumedPoints <= limiter.points,
        requests: requestsOf(limiter.points, consumedPoints, msBeforeNext),
        // A key without a rest is about to go.
        resetMs: Math.max(1, msBeforeNext),
      };
    },
    /** Counts nothing. */
    async look(userId: number, role: Role): Promise<Requests> {
      const limiter = of(role);
      const window = await limiter.get(keyOf(userId));
      return requestsOf(limiter.points, window?.consumedPoints ?? 0, window?.msBeforeNext ?? 0);
    },
  };
};
