import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

const { ledger, ledgerChanged } = redisKeys;

/** The names of the keys, or what they begin with, as the Lua table `key`. */
const names = {
  ...{ job: ledger.job(''), askers: ledger.askers(''), interest: ledger.interest('') },
  ...{ host: ledger.host(''), same: ledger.same(''), identity: ledger.identity('') },
  ...{ waiting: ledger.waiting, leases: ledger.leases, counter: ledger.counter, changed: ledgerChanged },
};
const table = Object.entries(names).map(([name, value]) => `${name} = '${value}'`);

const read = (name: string): string => readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8');
const beginning = `local key = { ${table.join(', ')} }\n${read('ledger')}`;

/** Runs one script, which Redis does in one step. The script's header says what it takes and returns. */
export type Script<R> = (redis: Redis, ...args: (string | number)[]) => Promise<R>;

/** A script of the folder `scripts`, by its name; `R` is what its header says that it returns. */
export const ledgerScript = <R>(name: string): Script<R> => {
  const lua = `${beginning}\n${read(name)}`;
  const sha = createHash('sha1').update(lua).digest('hex');
  return async (redis, ...args) => {
    try {
      return (await redis.evalsha(sha, 0, ...args)) as R;
    } catch (error) {
      // Redis' error codes are the first word of the message. This one: never seen, or restarted since; nothing was done.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return (await redis.eval(lua, 0, ...args)) as R;
    }
  };
};
