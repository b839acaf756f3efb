import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { redisKeys } from '@heavy/contracts';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  createAskedRecord,
  createDirectoryStore,
  createRetention,
  type MediaStore,
  type RetentionOptions,
} from '../src/index.ts';

const redis = new Redis(inject('redis').url, { db: 11 });
const dayMs = 86_400_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {} };

let dir: string;
let store: MediaStore;
beforeEach(async () => {
  await redis.flushdb();
  await rm(dir ?? '', { recursive: true, force: true });
  dir = await mkdtemp(join(tmpdir(), 'heavy-retention-'));
  store = createDirectoryStore({ dir });
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await redis.quit();
});

const hashOf = (letter: string): string => letter.repeat(64);
const video = (letter: string): string => `video/${hashOf(letter)}.mp4`;
const audio = (letter: string): string => `audio/${hashOf(letter)}.mp3`;
const thumb = (letter: string): string => `thumb/${hashOf(letter)}.jpg`;
const put = (key: string, sizeBytes = 10) =>
  store.put(key, { stream: Readable.from([Buffer.alloc(sizeBytes)]) }, { type: 'video/mp4', metadata: {} });
const keys = async (): Promise<string[]> =>
  (await Array.fromAsync(store.list())).map(({ key }) => key).sort();

/** Everything is stored now, so that the test's own clock is ahead of it. */
const inDays = (days: number) => () => Date.now() + days * dayMs;
const asked = (key: string, days: number, times?: number) =>
  createAskedRecord(redis, inDays(days)).asked(key, times);
const sweep = (
  limits: Partial<RetentionOptions['limits']>,
  days: number,
  of: Pick<RetentionOptions, 'store'> = { store },
) =>
  createRetention({
    ...{ redis, log: silent, now: inDays(days), limits: { keepDays: 0, keepBytes: 0, ...limits } },
    ...of,
  }).sweep();

describe('createAskedRecord', () => {
  it('knows when and how often each object was asked for', async () => {
    const at = new Date(1_700_000_000_000);
    const record = createAskedRecord(redis, () => at.getTime());
    await record.asked(video('a'));
    await record.asked(video('a'), 1000);
    await record.asked(video('b'));
    expect(await record.of([video('b'), video('c'), video('a')])).toEqual([
      { at, count: 1 },
      { count: 0 },
      { at, count: 1001 },
    ]);
    expect(await record.of([])).toEqual([]);
    await record.forget(video('a'));
    expect(await record.of([video('a'), video('b')])).toEqual([{ count: 0 }, { at, count: 1 }]);
    expect(await redis.keys('*')).toEqual(expect.arrayContaining([redisKeys.askedAt, redisKeys.askedCount]));
  });

  it('does not go back in time with a clock that is behind', async () => {
    await asked(video('a'), 2);
    await asked(video('a'), 1);
    const [one] = await createAskedRecord(redis).of([video('a')]);
    expect(one?.at?.getTime()).toBeGreaterThan(inDays(1.9)());
    expect(one?.count).toBe(2);
  });

  it('fails where Redis refuses', async () => {
    await redis.set(redisKeys.askedCount, 'not a set');
    await expect(createAskedRecord(redis).asked(video('a'))).rejects.toThrow('WRONGTYPE');
  });

  it('takes more keys than go into one command', async () => {
    await asked(video('z'), 0, 7);
    const many = Array.from({ length: 2500 }, (_, n) => `video/${n}.mp4`);
    const found = await createAskedRecord(redis).of([...many, video('z')]);
    expect(found).toHaveLength(2501);
    expect(found.at(-1)?.count).toBe(7);
  });
});

describe('createRetention', () => {
  it('deletes what was last asked for, or else stored, longer ago than the limit, with thumbnail and record', async () => {
    await Promise.all([put(video('a')), put(thumb('a')), put(audio('b')), put(video('c')), put(thumb('c'))]);
    await asked(video('a'), 1);
    await asked(video('c'), 8);
    const { deleted, keptBytes } = await sweep({ keepDays: 7 }, 10);
    expect(deleted.sort()).toEqual([audio('b'), thumb('a'), video('a')]);
    expect(keptBytes).toBe(20);
    expect(await keys()).toEqual([thumb('c'), video('c')]);
    expect(await redis.zrange(redisKeys.askedAt, '0', '-1')).toEqual([video('c')]);
    expect(await redis.zrange(redisKeys.askedCount, '0', '-1')).toEqual([video('c')]);
  });

  it('keeps a thumbnail as long as another object of its hash needs it', async () => {
    await Promise.all([put(video('a')), put(audio('a')), put(thumb('a'))]);
    await asked(audio('a'), 8);
    expect((await sweep({ keepDays: 7 }, 10)).deleted).toEqual([video('a')]);
    expect(await keys()).toEqual([audio('a'), thumb('a')]);
    expect((await sweep({ keepDays: 7 }, 20)).deleted.sort()).toEqual([audio('a'), thumb('a')]);
  });

  it('deletes the least recently asked for first, until the rest fits', async () => {
    await Promise.all([
      put(video('a'), 100),
      put(thumb('a'), 50),
      put(video('b'), 100),
      put(video('c'), 100),
    ]);
    await asked(video('a'), 2);
    await asked(video('b'), 1);
    await asked(video('c'), 3);
    expect(await sweep({ keepBytes: 349 }, 4)).toEqual({ deleted: [video('b')], keptBytes: 250 });
    expect(await sweep({ keepBytes: 250 }, 4)).toEqual({ deleted: [], keptBytes: 250 });
    expect(await sweep({ keepBytes: 200 }, 4)).toEqual({
      deleted: [video('a'), thumb('a')],
      keptBytes: 100,
    });
  });

  it('never deletes what was stored or asked for within the hour', async () => {
    await Promise.all([put(video('a')), put(video('b'))]);
    expect((await sweep({ keepBytes: 1, keepDays: 0.001 }, 0.9 / 24)).deleted).toEqual([]);
    await asked(video('a'), 1);
    expect((await sweep({ keepBytes: 1 }, 1 + 0.9 / 24)).deleted).toEqual([video('b')]);
  });

  it('keeps what is asked for while it sweeps', async () => {
    await Promise.all([put(video('a')), put(video('b'))]);
    const busy: MediaStore = {
      ...store,
      delete: async (key) => {
        await asked(key === video('a') ? video('b') : video('a'), 10);
        await store.delete(key);
      },
    };
    const { deleted } = await sweep({ keepDays: 7 }, 10, { store: busy });
    expect(deleted).toHaveLength(1);
    expect(await keys()).toHaveLength(1);
  });

  it('removes a thumbnail that was left without its object, once it is a day old', async () => {
    await put(thumb('a'));
    expect((await sweep({ keepDays: 7 }, 0.9)).deleted).toEqual([]);
    expect((await sweep({ keepDays: 7 }, 1.1)).deleted).toEqual([thumb('a')]);
  });

  it('leaves all else alone', async () => {
    await put('other/a.bin');
    expect(await sweep({ keepDays: 7, keepBytes: 1 }, 100)).toEqual({ deleted: [], keptBytes: 0 });
    expect(await keys()).toEqual(['other/a.bin']);
  });

  it('keeps everything for ever without limits', async () => {
    await put(video('a'));
    expect(await sweep({}, 10_000)).toEqual({ deleted: [] });
  });

  it('sweeps on one replica at a time, also after one that failed', async () => {
    await put(video('a'));
    const inside = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow: MediaStore = {
      ...store,
      list: async function* (prefix) {
        begun.resolve();
        await inside.promise;
        yield* store.list(prefix);
      },
    };
    const first = sweep({ keepDays: 7 }, 10, { store: slow });
    await begun.promise;
    expect(await sweep({ keepDays: 7 }, 10)).toEqual({ deleted: [] });
    inside.reject(new Error('the store is away'));
    await expect(first).rejects.toThrow('the store is away');
    expect((await sweep({ keepDays: 7 }, 10)).deleted).toEqual([video('a')]);
  });

  it('does not give up a lease that is another replica’s by now', async () => {
    await put(video('a'));
    const overtaken: MediaStore = {
      ...store,
      delete: async (key) => {
        await redis.set(redisKeys.retentionLease, 'somebody else');
        await store.delete(key);
      },
    };
    await sweep({ keepDays: 7 }, 10, { store: overtaken });
    expect(await redis.get(redisKeys.retentionLease)).toBe('somebody else');
  });

  it('leaves what Telegram holds of a deleted object', async () => {
    await put(video('a'));
    const document = redisKeys.document(1, video('a'));
    await redis.set(document, '{}');
    await sweep({ keepDays: 7 }, 10);
    expect(await redis.get(document)).toBe('{}');
  });
});
