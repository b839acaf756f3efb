import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/** Runs one script, which Redis does in one step. The script's header says what it takes and returns. */
export type LuaScript<R> = (redis: Redis, keys: string[], args: (string | number)[]) => Promise<R>;

/**
 * A script made of the given parts, one after another, each a file or Lua itself; `R` is what the header of the last says that
 * it returns. Its text goes over the wire only where Redis does not know it yet.
 */
export const luaScript = <R>(...parts: (URL | string)[]): LuaScript<R> => {
  const lua = parts.map((part) => (part instanceof URL ? readFileSync(part, 'utf8') : part)).join('\n');
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
