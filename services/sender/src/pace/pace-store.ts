import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { type AllowanceState, recoveryMs } from './allowance.ts';

/** What Telegram has imposed on an account, by scope: a hash that lives until all of it is over. */
export const createPaceStore = (redis: Redis, account: number) => {
  const key = redisKeys.pace(account);
  let overAt = 0;
  return {
    load: async (): Promise<Map<string, AllowanceState>> => {
      const kept = Object.entries(await redis.hgetall(key)).map(
        ([scope, json]) => [scope, JSON.parse(json) as AllowanceState] as const,
      );
      const isOver = ({ until }: AllowanceState) => until + recoveryMs < Date.now();
      const over = kept.filter(([, state]) => isOver(state)).map(([scope]) => scope);
      if (over.length > 0) await redis.hdel(key, ...over);
      const left = kept.filter(([, state]) => !isOver(state));
      overAt = Math.max(0, ...left.map(([, { until }]) => until + recoveryMs));
      return new Map(left);
    },
    save: async (states: ReadonlyMap<string, AllowanceState>): Promise<void> => {
      for (const { until } of states.values()) overAt = Math.max(overAt, until + recoveryMs);
      const fields = [...states].map(([scope, state]) => [scope, JSON.stringify(state)] as const);
      await Promise.all([
        redis.hset(key, Object.fromEntries(fields)),
        redis.pexpireat(key, Math.ceil(overAt)),
      ]);
    },
  };
};

export type PaceStore = ReturnType<typeof createPaceStore>;
