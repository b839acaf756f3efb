import { randomUUID } from 'node:crypto';
import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { createAskedRecord } from './asked.ts';
import type { Log } from './log.ts';
import type { MediaStore, ObjectInfo } from './store/media-store.ts';

export interface RetentionOptions {
  store: MediaStore;
  redis: Redis;
  log: Log;
  limits: {
    /** Days since an object was last asked for, or else stored; 0 keeps it for ever. */
    keepDays: number;
    /** Of media and thumbnails together; 0 is no limit. */
    keepBytes: number;
  };
  now?: () => number;
}

/** What a sweep did. */
export interface Sweep {
  /** Keys, thumbnails among them. */
  deleted: string[];
  /** Of media and thumbnails afterwards; undefined where they were not counted. */
  keptBytes?: number;
}

export interface Retention {
  /**
   * Deletes what has not been asked for in a long time, and then the least recently asked for until the rest fits. Does
   * nothing while another replica sweeps.
   */
  sweep(): Promise<Sweep>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** What was asked for or stored so lately may be on its way to a chat. */
const untouchedMs = hourMs;
/** A thumbnail is stored before its object: without one for so long it was left over. */
const strayMs = dayMs;
/** Longer than a sweep takes; a second one beside it would do no harm but double the work. */
const leaseMs = hourMs;

/** Deletes the key KEYS[1] where its value is ARGV[1]. */
const releaseScript =
  "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

const keyPattern = /^(video|audio|thumb)\/([^/.]+)\./;

/** Objects of one content hash. */
interface Holding {
  media: ObjectInfo[];
  thumbnails: ObjectInfo[];
}

/**
 * Keeps the store within its limits. The documents that Telegram holds of deleted objects stay usable, and their record is
 * left alone: should the same thing be downloaded again, it need not be uploaded again.
 */
export const createRetention = ({
  store,
  redis,
  log,
  limits: { keepDays, keepBytes },
  now = Date.now,
}: RetentionOptions): Retention => {
  const record = createAskedRecord(redis);

  const lastWanted = (info: ObjectInfo, at: Date | undefined): number =>
    Math.max(info.storedAt.getTime(), at?.getTime() ?? 0);

  const holdings = async (): Promise<Map<string, Holding>> => {
    const found = new Map<string, Holding>();
    for await (const info of store.list()) {
      const [, folder, hash] = keyPattern.exec(info.key) ?? [];
      if (hash === undefined) continue;
      const holding = found.get(hash) ?? { media: [], thumbnails: [] };
      (folder === 'thumb' ? holding.thumbnails : holding.media).push(info);
      found.set(hash, holding);
    }
    return found;
  };

  const sweepStore = async (): Promise<Required<Sweep>> => {
    const all = await holdings();
    const deleted: string[] = [];
    let keptBytes = 0;
    for (const { media, thumbnails } of all.values())
      for (const { sizeBytes } of [...media, ...thumbnails]) keptBytes += sizeBytes;

    const remove = async ({ key, sizeBytes }: ObjectInfo): Promise<void> => {
      await store.delete(key);
      deleted.push(key);
      keptBytes -= sizeBytes;
    };
    /** Since the store was listed it may have been asked for, or stored anew. */
    const isStillIdle = async (key: string): Promise<boolean> => {
      const [info, [asked]] = await Promise.all([store.find(key), record.of([key])]);
      return info === null || now() - lastWanted(info, asked?.at) > untouchedMs;
    };

    const entries = [...all.values()].flatMap((holding) => holding.media.map((info) => ({ info, holding })));
    const asked = await record.of(entries.map(({ info }) => info.key));
    const byAge = entries
      .map((entry, index) => ({ ...entry, wanted: lastWanted(entry.info, asked[index]?.at) }))
      .sort((a, b) => a.wanted - b.wanted);
    for (const { info, holding, wanted } of byAge) {
      const idleMs = now() - wanted;
      const tooOld = keepDays > 0 && idleMs > keepDays * dayMs;
      const tooMuch = keepBytes > 0 && keptBytes > keepBytes;
      // All that follow were wanted later.
      if (idleMs <= untouchedMs || !(tooOld || tooMuch)) break;
      if (!(await isStillIdle(info.key))) continue;
      // First: should this process die between the two, the next sweep finds the object as it was.
      await record.forget(info.key);
      await remove(info);
      holding.media = holding.media.filter((one) => one !== info);
      if (holding.media.length === 0)
        for (const thumbnail of holding.thumbnails.splice(0)) await remove(thumbnail);
      log.info({ key: info.key, sizeBytes: info.sizeBytes, idleMs, tooOld }, 'object deleted');
    }
    for (const { media, thumbnails } of all.values())
      for (const thumbnail of media.length === 0 ? thumbnails : [])
        if (now() - thumbnail.storedAt.getTime() > strayMs && (await isStillIdle(thumbnail.key)))
          await remove(thumbnail);
    return { deleted, keptBytes };
  };

  return {
    async sweep() {
      if (keepDays === 0 && keepBytes === 0) return { deleted: [] };
      const holder = randomUUID();
      if ((await redis.set(redisKeys.retentionLease, holder, 'PX', leaseMs, 'NX')) === null)
        return { deleted: [] };
      try {
        const { deleted, keptBytes } = await sweepStore();
        log.debug({ deleted: deleted.length, keptBytes }, 'store swept');
        return { deleted, keptBytes };
      } finally {
        await redis.eval(releaseScript, 1, redisKeys.retentionLease, holder);
      }
    },
  };
};
