import { type BotStreams, redisKeys } from '@heavy/contracts';
import { type LuaScript, luaScript } from '@heavy/redis';
import type { Redis } from 'ioredis';
import type { BroadcastState } from './broadcast.ts';

const file = (name: string): URL => new URL(`scripts/${name}.lua`, import.meta.url);
const script = <R>(name: string): LuaScript<R> => luaScript<R>(file('broadcast'), file(name));

/** A broadcast is known by these two: `<bot id>:<id>`. */
export interface BroadcastName {
  botId: number;
  id: string;
}

type Missing = 'missing';
type Append = [state: BroadcastState | Missing | 'full', total: number];
type Change = [done: 0 | 1, state: BroadcastState | Missing];
type Feed = [state: BroadcastState | Missing, put: number];
type Recorded = [state: BroadcastState | Missing, ahead: number];
type Withdrawn = [withdrawn: number, gone: number];

/** Unfinished broadcasts to which nothing happens are forgotten after this time. */
const idleMs = 30 * 24 * 3600 * 1000;

/** The scripts by which broadcasts change, each with the keys that all of them take. */
export const broadcastScripts = (redis: Redis, streams: BotStreams, keepMs: number) => {
  const bound =
    <R>(run: LuaScript<R>) =>
    ({ botId, id }: BroadcastName, ...args: (string | number)[]): Promise<R> => {
      const { bots } = redisKeys;
      const own = [
        bots.broadcast(id),
        bots.recipients(id),
        bots.outcomes(id),
        bots.ahead(id),
        bots.known(id),
      ];
      const ofBot = [streams.broadcast(botId), bots.attempts(botId)];
      const keys = [...own, bots.unfinishedBroadcasts, ...ofBot];
      return run(redis, keys, [`${botId}:${id}`, keepMs, idleMs, ...args]);
    };
  return {
    append: bound(script<Append>('append')),
    change: bound(script<Change>('change')),
    feed: bound(script<Feed>('feed')),
    record: bound(script<Recorded>('record')),
    withdraw: bound(script<Withdrawn>('withdraw')),
    create: bound(script<number>('create')),
  };
};
