import type { UpdateState, UpdateStore } from './account.ts';

/** The commands of an ioredis client that the store needs. */
interface RedisHash {
  hgetall(key: string): Promise<Record<string, string>>;
  hset(key: string, fields: Record<string, number>): Promise<number>;
  hdel(key: string, ...fields: string[]): Promise<number>;
}

const own = ['pts', 'qts', 'seq', 'date'] as const;

/**
 * One Redis hash per account: `pts`, `qts`, `seq`, `date`, and the pts of each channel under its marked id. `check` runs
 * before each write, and keeps a process from writing that does not own the session any more by throwing.
 */
export const redisUpdateStore = (redis: RedisHash, key: string, check: () => void): UpdateStore => ({
  load: async () => {
    const fields = await redis.hgetall(key);
    if (fields['pts'] === undefined) return null;
    const [pts = 0, qts = 0, seq = 0, date = 0] = own.map((name) => Number(fields[name] ?? 0));
    const channels = Object.entries(fields).filter(([name]) => name.startsWith('-'));
    return { pts, qts, seq, date, channels: new Map(channels.map(([id, at]) => [Number(id), Number(at)])) };
  },
  save: async ({ channels = new Map(), ...changes }: Partial<UpdateState>) => {
    check();
    await redis.hset(key, { ...changes, ...Object.fromEntries(channels) });
  },
  forget: async (channels) => {
    check();
    if (channels.length > 0) await redis.hdel(key, ...channels.map(String));
  },
});
