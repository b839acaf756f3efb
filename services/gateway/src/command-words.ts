import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

/**
 * The command word that a text begins with, lower-cased and without its dot, or null.
 * `.VDL https://…` → `vdl`; `...`, `.5` and `a .vdl` → null.
 */
export const commandWord = (text: string): string | null =>
  /^\s*\.([a-z][a-z0-9_]{0,31})(?=\s|$)/iu.exec(text)?.[1]?.toLowerCase() ?? null;

/** Whether some service has registered that word. The gateway knows none of its own. */
export const isRegistered = async (redis: Redis, word: string): Promise<boolean> =>
  (await redis.hexists(redisKeys.commandWords, word)) === 1;
