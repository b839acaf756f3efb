import { type LuaScript, luaScript } from '@heavy/redis';

/** A script of the folder `scripts`, by its name; `R` is what its header says that it returns. */
export const botsScript = <R>(name: string): LuaScript<R> =>
  luaScript<R>(new URL(`scripts/${name}.lua`, import.meta.url));
