import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

/**
 * The command word that a text begins with, lower-cased and without its dot, or null.
 * `.VDL https://…` → `vdl`; `...`, `.5` and `a .vdl` → null.
 */
export const commandWord = (text: string): string | null =>
  /^\s*\.([a-z][a-z0-9_]{0,31})(?=\s|$)/iu.exec(text)?.[1]?.toLowerCase() ?? null;

/** The one word that the door knows: anybody may ask what they are. */
export const anybodysWord = 'whoami';

/** Whether some service has registered that word. */
export const isRegistered = async (redis: Redis, word: string): Promise<boolean> =>
  (await redis.hexists(redisKeys.commandWords, word)) === 1;
