import { redisKeys } from '@heavy/contracts';
import { luaScript } from '@heavy/redis';
import type { Redis } from 'ioredis';

const { ledger, ledgerChanged } = redisKeys;

/** The names of the keys, or what they begin with, as the Lua table `key`. */
const names = {
  ...{ job: ledger.job(''), askers: ledger.askers(''), interest: ledger.interest('') },
  ...{ host: ledger.host(''), same: ledger.same(''), identity: ledger.identity('') },
  ...{
    waiting: ledger.waiting,
    leases: ledger.leases,
    handedOn: ledger.handedOn,
    counter: ledger.counter,
    changed: ledgerChanged,
  },
};
const table = Object.entries(names).map(([name, value]) => `${name} = '${value}'`);
const keyTable = `local key = { ${table.join(', ')} }`;

const file = (name: string): URL => new URL(`scripts/${name}.lua`, import.meta.url);

/** A script that finds the names of its keys itself. */
export type LedgerScript<R> = (redis: Redis, ...args: (string | number)[]) => Promise<R>;

/** A script of the folder `scripts`, by its name; `R` is what its header says that it returns. */
export const ledgerScript = <R>(name: string): LedgerScript<R> => {
  const run = luaScript<R>(keyTable, file('ledger'), file(name));
  return (redis, ...args) => run(redis, [], args);
};
