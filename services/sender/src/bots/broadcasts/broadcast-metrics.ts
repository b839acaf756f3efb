import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { Gauge, type Registry } from 'prom-client';
import { soon } from '../metrics.ts';
import {
  type BroadcastState,
  broadcastStates,
  countFields,
  countsFrom,
  type RecipientStatus,
  recipientStatuses,
} from './broadcast.ts';

interface Census {
  broadcasts: number;
  recipients: Record<RecipientStatus, number>;
}

const emptyCensus = (): Record<BroadcastState, Census> =>
  Object.fromEntries(
    broadcastStates.map((state) => [
      state,
      { broadcasts: 0, recipients: Object.fromEntries(recipientStatuses.map((status) => [status, 0])) },
    ]),
  ) as Record<BroadcastState, Census>;

const fields = ['state', ...countFields] as const;

/** All broadcasts of all bots that Redis has, by state. */
const countBroadcasts = async (redis: Redis): Promise<Record<BroadcastState, Census>> => {
  const census = emptyCensus();
  for (const botId of await redis.hkeys(redisKeys.bots.registry)) {
    const ids = await redis.zrange(redisKeys.bots.broadcasts(Number(botId)), '0', '-1');
    const rows = await Promise.all(ids.map((id) => redis.hmget(redisKeys.bots.broadcast(id), ...fields)));
    for (const row of rows) {
      const hash = Object.fromEntries(fields.map((field, index) => [field, row[index]]));
      const state = broadcastStates.find((one) => one === hash['state']);
      // Forgotten, and still in the list.
      if (!state) continue;
      const { left, ...counts } = countsFrom(state, hash);
      census[state].broadcasts += 1;
      const { recipients } = census[state];
      for (const status of recipientStatuses)
        recipients[status] += status === 'waiting' ? left : counts[status];
    }
  }
  return census;
};

/** Measures broadcasts as Redis has them: each replica tells the same. While Redis is away nothing is told. */
export const measureBroadcasts = (redis: Redis, registry: Registry): void => {
  let counting: Promise<Record<BroadcastState, Census> | undefined> | undefined;
  /** Both gauges are read at the same time, from one look. */
  const count = () => {
    counting ??= soon(countBroadcasts(redis)).finally(() => {
      counting = undefined;
    });
    return counting;
  };
  const registers = [registry];
  new Gauge({
    name: 'heavy_bot_broadcasts',
    help: 'Broadcasts that are kept, by state; of all bots, the same on each replica',
    labelNames: ['state'],
    registers,
    async collect() {
      const census = await count();
      this.reset();
      if (!census) return;
      for (const state of broadcastStates) this.set({ state }, census[state].broadcasts);
    },
  });
  new Gauge({
    name: 'heavy_bot_broadcast_recipients',
    help: 'Recipients of broadcasts that are kept, by state of the broadcast and what became of them; of all bots, the same on each replica',
    labelNames: ['state', 'status'],
    registers,
    async collect() {
      const census = await count();
      this.reset();
      if (!census) return;
      for (const state of broadcastStates)
        for (const status of recipientStatuses) this.set({ state, status }, census[state].recipients[status]);
    },
  });
};
