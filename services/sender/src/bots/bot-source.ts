import { botStreamGroup } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { StreamName } from './chat.ts';
import { type Entry, ensureGroup, fieldsOf, type Source } from './stream-reader.ts';

export interface BotSourceOptions {
  redis: Redis;
  name: StreamName;
  stream: string;
  consumer: string;
  /** Whether another entry may be taken: not where the bot may be another's. */
  hasRoom(): boolean;
  /** Takes an entry; `claimed` is one that somebody was handed before. */
  onEntry(entry: Entry, claimed: boolean): void;
  onError(error: unknown): void;
}

/** One stream of a bot: first what others were handed and did not end, then what nobody has had. */
export interface BotSource extends Source {
  /** Makes the group where there is none, and begins. */
  open(): Promise<void>;
  /** Goes on claiming, where there is room again. */
  claim(): void;
  /** The entry has been ended. */
  forget(id: string): void;
  /** Fields of an entry whose fields were not kept; undefined where it is gone. */
  load(id: string): Promise<Record<string, string> | undefined>;
  close(): void;
}

const pageSize = 64;

type Claimed = [cursor: string, entries: [id: string, fields: string[] | null][]];

/** Consumers of the group that have nothing pending and are not this one: replicas that are gone. */
const removeIdleConsumers = async (redis: Redis, stream: string, consumer: string): Promise<void> => {
  const rows = (await redis.xinfo('CONSUMERS', stream, botStreamGroup)) as (string | number)[][];
  const dayMs = 24 * 60 * 60_000;
  for (const row of rows) {
    const { name, pending, idle } = fieldsOf(row.map(String));
    if (name !== undefined && name !== consumer && pending === '0' && Number(idle) > dayMs)
      await redis.xgroup('DELCONSUMER', stream, botStreamGroup, name);
  }
};

export const createBotSource = (options: BotSourceOptions): BotSource => {
  const { redis, stream, consumer, hasRoom, onEntry } = options;
  const known = new Set<string>();
  let cursor: string | undefined = '0-0';
  let again = false;
  let claiming = false;
  let open = false;

  const take = (entries: Entry[], claimed: boolean): void => {
    for (const entry of entries) {
      if (known.has(entry[0])) continue;
      known.add(entry[0]);
      onEntry(entry, claimed);
    }
  };
  const claimPages = async (): Promise<void> => {
    while (open && cursor !== undefined && hasRoom()) {
      const page: string[] = ['0', cursor, 'COUNT', String(pageSize)];
      const reply = (await redis.call('XAUTOCLAIM', stream, botStreamGroup, consumer, ...page)) as Claimed;
      if (!open) return;
      const [next, entries] = reply;
      take(
        entries.map(([id, fields]) => [id, fieldsOf(fields ?? [])]),
        true,
      );
      cursor = next === '0-0' ? undefined : next;
      if (cursor === undefined && again) [cursor, again] = ['0-0', false];
    }
  };
  const claim = (): void => {
    if (claiming || !open || cursor === undefined) return;
    claiming = true;
    claimPages()
      .catch(options.onError)
      .finally(() => {
        claiming = false;
      });
  };

  return {
    stream,
    wants: () => open && cursor === undefined && hasRoom(),
    offer: (entries) => take(entries, false),
    reclaim: () => {
      if (cursor === undefined) cursor = '0-0';
      else again = true;
      claim();
    },
    open: async () => {
      await ensureGroup(redis, stream);
      await removeIdleConsumers(redis, stream, consumer);
      open = true;
      claim();
    },
    claim,
    forget: (id) => void known.delete(id),
    load: async (id) => {
      const [entry] = await redis.xrange(stream, id, id);
      return entry && fieldsOf(entry[1]);
    },
    close: () => {
      open = false;
    },
  };
};
