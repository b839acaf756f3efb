import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

const read = (name: string): string => readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8');
const beginning = read('access');

/** Runs one script, which Redis does in one step. The script's header says what it takes and returns. */
export type Script<R> = (redis: Redis, keys: string[], args: (string | number)[]) => Promise<R>;

/** A script of the folder `scripts`, by its name; `R` is what its header says that it returns. */
export const accessScript = <R>(name: string): Script<R> => {
  const lua = `${beginning}\n${read(name)}`;
  const sha = createHash('sha1').update(lua).digest('hex');
  return async (redis, keys, args) => {
    try {
      return (await redis.evalsha(sha, keys.length, ...keys, ...args)) as R;
    } catch (error) {
      // Redis' error codes are the first word of the message. This one: never seen, or restarted since; nothing was done.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await redis.eval(lua, keys.length, ...keys, ...args)) as R;
    }
  };
};
