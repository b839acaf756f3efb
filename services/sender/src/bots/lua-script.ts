import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** Runs one script, which Redis does in one step. The script's header says what it takes and returns. */
export type LuaScript<R> = (redis: Redis, keys: string[], args: (string | number)[]) => Promise<R>;

/** A script made of the given files, one after another; `R` is what the header of the last says that it returns. */
export const luaScript = <R>(...files: URL[]): LuaScript<R> => {
  const lua = files.map((file) => readFileSync(file, 'utf8')).join('\n');
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
