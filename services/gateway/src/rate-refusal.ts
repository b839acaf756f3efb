import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

/**
 * Which of the commands beyond the limit is refused in words: the first of each window. It stays that one when it is told again.
 * Both calls give the milliseconds that are left of the window where it is this one, or else null.
 */
export const createRateRefusal = (redis: Redis) => ({
  async claim(userId: number, eventId: string, resetMs: number): Promise<number | null> {
    const key = redisKeys.rateRefusal(userId);
    const [, told] = await Promise.all([redis.set(key, eventId, 'PX', resetMs, 'NX'), redis.get(key)]);
    return told === eventId ? resetMs : null;
  },
  async again(userId: number, eventId: string): Promise<number | null> {
    const key = redisKeys.rateRefusal(userId);
    const [told, leftMs] = await Promise.all([redis.get(key), redis.pttl(key)]);
    return told === eventId && leftMs > 0 ? leftMs : null;
  },
});
