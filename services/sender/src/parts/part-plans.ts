import { redisKeys, type StoredObject } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Part } from './part.ts';

const keptS = 30 * 24 * 3600;
/** A plan that was made for want of a disk or of ffmpeg: long enough for every repeat of the command. */
const provisionalS = 24 * 3600;

/** What was split, and for which limit: for anything else the plan does not hold. */
interface Whole {
  account: number;
  object: StoredObject;
  limitBytes: number;
}

interface Kept {
  sizeBytes: number;
  limitBytes: number;
  parts: Part[];
}

/**
 * In which parts an object is sent (one JSON string per account and object key). Whoever repeats the command, or asks for the
 * same, sends the same parts, and needs neither the object nor ffmpeg where Telegram has them all.
 */
export const createPartPlans = (redis: Redis) => ({
  find: async ({ account, object, limitBytes }: Whole): Promise<Part[] | null> => {
    const value = await redis.get(redisKeys.parts(account, object.key));
    if (value === null) return null;
    const kept = JSON.parse(value) as Kept;
    return kept.sizeBytes === object.sizeBytes && kept.limitBytes === limitBytes ? kept.parts : null;
  },
  keep: async (
    { account, object, limitBytes }: Whole,
    parts: Part[],
    isProvisional: boolean,
  ): Promise<void> => {
    const kept: Kept = { sizeBytes: object.sizeBytes, limitBytes, parts };
    const key = redisKeys.parts(account, object.key);
    await redis.set(key, JSON.stringify(kept), 'EX', isProvisional ? provisionalS : keptS);
  },
});

export type PartPlans = ReturnType<typeof createPartPlans>;
