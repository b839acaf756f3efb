import { redisKeys } from '@heavy/contracts';
import { assert, asyncProperty, integer } from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type AccessChange, type AccessTarget, createAccess } from '../src/index.ts';

const redis = new Redis(inject('redis').url, { db: 15 });
const access = createAccess(redis);
beforeEach(() => redis.flushdb());
afterAll(() => redis.quit());

const admin = 9_007_199_254_740_991;
const bob: AccessTarget = { kind: 'user', id: 9_007_199_254_740_989 };
const friends: AccessTarget = { kind: 'chat', id: -1_001_234_567_890 };

let changes = 0;
const changeOf = (
  word: AccessChange['word'],
  target: AccessTarget,
  more: Partial<AccessChange> = {},
): AccessChange => {
  changes += 1;
  return { id: `event-${changes}`, word, target, by: admin, chatId: friends.id, ...more };
};
const change = (...args: Parameters<typeof changeOf>) => access.change(changeOf(...args));

const redisNow = async (): Promise<number> => {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
};
const isUnreadable = { unreadable: true, by: 0 };

describe('createAccess', () => {
  it.each([
    ['bless', bob, 'user', 'blessed'],
    ['hammer', bob, 'user', 'banned'],
    ['grace', friends, 'chat', 'graced'],
    ['smite', friends, 'chat', 'smitten'],
  ] as const)(
    '%s holds until pardoned, with who said it, when and of whom',
    async (word, target, kind, standing) => {
      const from = await redisNow();
      const { entry, before } = await change(word, target, { name: 'Bob "\\ 日本' });
      expect(before).toBeNull();
      expect(entry).toEqual({ standing, by: admin, name: 'Bob "\\ 日本', since: expect.any(String) });
      expect(Date.parse(entry?.since ?? '')).toBeGreaterThanOrEqual(from);
      expect(Date.parse(entry?.since ?? '')).toBeLessThanOrEqual(await redisNow());

      const other = kind === 'user' ? 'chat' : 'user';
      expect(await access.of(bob.id, friends.id)).toEqual({ [kind]: entry, [other]: null });
      expect(await redis.pttl(`access:${kind}:${target.id}`)).toBe(-1);

      expect(await change('pardon', target)).toEqual({ entry: null, before: entry });
      expect(await access.of(bob.id, friends.id)).toEqual({ user: null, chat: null });
      expect(await redis.exists(`access:${kind}:${target.id}`)).toBe(0);
    },
  );

  it('replaces what was said before, and its end', async () => {
    const { entry: first } = await change('hammer', bob, { durationS: 3600 });
    const { entry, before } = await change('bless', bob);
    expect(before).toEqual(first);
    expect((await access.of(bob.id, 1)).user).toEqual(entry);
    expect(entry).not.toHaveProperty('until');
    expect(await redis.pttl(redisKeys.accessUser(bob.id))).toBe(-1);
  });

  it('ends by the TTL of Redis', async () => {
    const { entry } = await change('hammer', bob, { durationS: 1 });
    expect((await access.of(bob.id, 1)).user).toEqual(entry);
    const untilMs = Date.parse(entry?.until ?? '');
    expect(untilMs - Date.parse(entry?.since ?? '')).toBe(1000);
    await vi.waitFor(async () => expect((await access.of(bob.id, 1)).user).toBeNull());
    expect(await redisNow()).toBeGreaterThanOrEqual(untilMs);
    expect(await access.list()).toEqual([]);
    // The trail outlives it.
    expect(await access.audit({ limit: 9 })).toMatchObject([
      { word: 'hammer', target: bob, until: entry?.until },
    ]);
  });

  it('says in ISO 8601 when Redis will end it, on any day of any year', async () => {
    await assert(
      asyncProperty(integer({ min: 1, max: 7_900 * 365 * 86_400 }), async (durationS) => {
        const { entry } = await change('bless', bob, { durationS });
        expect(entry).not.toHaveProperty('unreadable');
        const endsMs = await redis.pexpiretime(redisKeys.accessUser(bob.id));
        expect(entry?.until).toBe(new Date(endsMs).toISOString());
        expect(endsMs - Date.parse(entry?.since ?? '')).toBe(durationS * 1000);
      }),
      { numRuns: 500 },
    );
  });

  it('makes a change once, however often and from wherever it is asked for', async () => {
    const hammer = changeOf('hammer', bob, { durationS: 600 });
    const others = [new Redis(inject('redis').url, { db: 15 }), new Redis(inject('redis').url, { db: 15 })];
    const all = await Promise.all(
      [redis, ...others, redis, ...others].map((client) => createAccess(client).change(hammer)),
    );
    await Promise.all(others.map((client) => client.quit()));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await redis.xlen(redisKeys.accessAudit)).toBe(1);
    expect(await redis.ttl(redisKeys.accessChange(hammer.id))).toBeGreaterThan(86_000);

    // Somebody has lifted it since; the repeat does not bring it back, and still tells what was then.
    await change('pardon', bob);
    expect(await access.change(hammer)).toEqual(all[0]);
    expect((await access.of(bob.id, 1)).user).toBeNull();
    expect(await redis.xlen(redisKeys.accessAudit)).toBe(2);
  });

  it('changes nothing by what was said before the last word about the target', async () => {
    const said = (date: number, messageId: number) => ({ saidAt: { date, messageId } });
    const { entry } = await change('hammer', bob, said(1_700_000_000, 9));
    const late = changeOf('bless', bob, said(999_999_999, 10_000_000));
    for (const one of [late, late, changeOf('pardon', bob, said(1_700_000_000, 8))])
      expect(await access.change(one)).toEqual({ entry, before: entry, overtaken: true });
    expect((await access.of(bob.id, 1)).user).toEqual(entry);
    expect(await access.audit({ limit: 9 })).toHaveLength(1);
    expect(await redis.ttl(redisKeys.accessSaid('user', bob.id))).toBeGreaterThan(86_000);

    // Of others, in another chat in that second, without a time, and said later.
    expect(await change('bless', bob, { ...said(1_700_000_000, 1), chatId: 5 })).toMatchObject({
      before: entry,
    });
    expect(await change('smite', friends, said(1_600_000_000, 1))).toMatchObject({ before: null });
    expect((await change('pardon', bob)).entry).toBeNull();
    const after = await change('bless', bob, said(1_700_000_000, 10));
    expect(after.entry).toMatchObject({ standing: 'blessed' });
    expect(await change('pardon', bob, said(1_600_000_000, 1))).toMatchObject({ overtaken: true });
  });

  it('repeats a pardon as what the first found', async () => {
    const { entry } = await change('grace', friends);
    const pardon = changeOf('pardon', friends);
    expect(await access.change(pardon)).toEqual({ entry: null, before: entry });
    expect(await access.change(pardon)).toEqual({ entry: null, before: entry });
  });

  it('works on a Redis that has forgotten its scripts', async () => {
    await redis.script('FLUSH');
    expect(await change('bless', bob)).toMatchObject({ entry: { standing: 'blessed' } });
  });

  it('refuses a word about the other kind, and a duration that is none, before anything changes', async () => {
    await expect(change('bless', friends)).rejects.toThrow(TypeError);
    await expect(change('smite', bob)).rejects.toThrow(TypeError);
    for (const durationS of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      await expect(change('bless', bob, { durationS })).rejects.toThrow(RangeError);
    expect(await redis.dbsize()).toBe(0);
  });

  it('changes nothing where the trail cannot be written', async () => {
    await redis.set(redisKeys.accessAudit, 'not a stream');
    const bless = changeOf('bless', bob);
    await expect(access.change(bless)).rejects.toThrow('WRONGTYPE');
    expect((await access.of(bob.id, 1)).user).toBeNull();
    await redis.del(redisKeys.accessAudit);
    expect((await access.change(bless)).entry).toMatchObject({ standing: 'blessed' });
  });

  it.each([
    ['a text', (key: string) => redis.set(key, 'blessed')],
    ['a hash', (key: string) => redis.hset(key, 'standing', 'blessed')],
    ['bytes', (key: string) => redis.set(key, Buffer.from([0xff, 0x00, 0x22]))],
  ])('takes %s under its keys for a ban, until somebody says something else', async (_what, put) => {
    await put(redisKeys.accessUser(bob.id));
    await put(redisKeys.accessChat(friends.id));
    expect(await access.of(bob.id, friends.id)).toMatchObject({
      user: { standing: 'banned', ...isUnreadable },
      chat: { standing: 'smitten', ...isUnreadable },
    });
    expect(await access.list()).toMatchObject([
      { target: bob, entry: isUnreadable },
      { target: friends, entry: isUnreadable },
    ]);
    const pardon = changeOf('pardon', friends);
    const pardoned = { entry: null, before: { standing: 'smitten', ...isUnreadable } };
    expect(await access.change(pardon)).toMatchObject(pardoned);
    expect(await access.change(pardon)).toMatchObject(pardoned);
    expect((await change('bless', bob)).before).toMatchObject(isUnreadable);
    expect(await access.of(bob.id, friends.id)).toMatchObject({ user: { standing: 'blessed' }, chat: null });
  });

  it('fails where Redis is away: nobody is taken for unmolested', async () => {
    const away = new Redis('redis://127.0.0.1:9', { maxRetriesPerRequest: 0, retryStrategy: () => null });
    away.on('error', () => undefined);
    await expect(createAccess(away).of(bob.id, friends.id)).rejects.toThrow();
  });
});

describe('list', () => {
  it('has each user, then each chat, by id, and nothing else of these names', async () => {
    for (let id = 2500; id > 0; id -= 1) void redis.set(redisKeys.accessUser(id), '{}');
    await change('bless', bob, { name: 'Bob' });
    // A channel that writes in a group.
    await change('bless', { kind: 'user', id: friends.id });
    await change('smite', friends);
    for (const key of [
      'access:user:',
      'access:user:abc',
      'access:user:07',
      'access:other:1',
      'access:chat:1.5',
    ])
      await redis.set(key, '{}');
    const all = await access.list();
    expect(all.map(({ target: { kind, id } }) => `${kind} ${id}`)).toEqual([
      `user ${friends.id}`,
      ...Array.from({ length: 2500 }, (_, index) => `user ${index + 1}`),
      ...[`user ${bob.id}`, `chat ${friends.id}`],
    ]);
    expect(all.at(-2)).toMatchObject({ target: bob, entry: { standing: 'blessed', by: admin, name: 'Bob' } });
  });
});

describe('audit', () => {
  it('tells who did what to whom, where, when and until when, newest first', async () => {
    const from = await redisNow();
    const bless = changeOf('bless', bob, { name: 'Bob', durationS: 60 });
    const { entry } = await access.change(bless);
    const pardon = changeOf('pardon', friends);
    await access.change(pardon);
    const trail = await access.audit({ limit: 10 });
    const place = { id: expect.stringMatching(/^\d+-\d+$/), at: expect.any(String) };
    expect(trail).toEqual([
      { ...place, word: 'pardon', by: admin, target: friends, chatId: friends.id, eventId: pardon.id },
      {
        ...{ ...place, word: 'bless', by: admin, target: bob, name: 'Bob', chatId: friends.id },
        ...{ until: entry?.until, eventId: bless.id },
      },
    ]);
    for (const { at } of trail) expect(Date.parse(at)).toBeGreaterThanOrEqual(from);
  });

  it('chooses by target and limits, past what is of others or foreign', async () => {
    const carol: AccessTarget = { kind: 'user', id: 5 };
    await change('hammer', carol, { id: 'first' });
    await change('smite', { kind: 'chat', id: 5 });
    const fill = redis.pipeline();
    for (let i = 0; i < 2100; i += 1) fill.xadd(redisKeys.accessAudit, '*', 'word', 'dance', 'id', '5');
    await fill.exec();
    await change('pardon', carol, { id: 'last' });
    await change('bless', bob);
    const ids = async (options: Parameters<typeof access.audit>[0]) =>
      (await access.audit(options)).map(({ eventId }) => eventId);
    expect(await ids({ limit: 10, target: carol })).toEqual(['last', 'first']);
    expect(await ids({ limit: 1, target: carol })).toEqual(['last']);
    expect(await access.audit({ limit: 4 })).toHaveLength(4);
    expect(await access.audit({ limit: 0 })).toEqual([]);
    expect(await access.audit({ limit: 10, target: { kind: 'user', id: 6 } })).toEqual([]);
  });

  it('tells each once, however many there are', async () => {
    const fields = ['word', 'bless', 'by', '1', 'kind', 'user', 'id', String(bob.id), 'chat', '2', 'event'];
    const fill = redis.pipeline();
    for (let i = 0; i < 2100; i += 1) fill.xadd(redisKeys.accessAudit, '*', ...fields, String(i));
    await fill.exec();
    const all = Array.from({ length: 2100 }, (_, index) => String(2099 - index));
    for (const options of [{ limit: 2500 }, { limit: 2500, target: bob }])
      expect((await access.audit(options)).map(({ eventId }) => eventId)).toEqual(all);
    expect(await access.audit({ limit: 1500 })).toHaveLength(1500);
  });

  it('keeps about the last 100,000', async () => {
    for (let batch = 0; batch < 11; batch += 1) {
      const fill = redis.pipeline();
      for (let i = 0; i < 10_000; i += 1) fill.xadd(redisKeys.accessAudit, '*', 'word', 'dance');
      await fill.exec();
    }
    await change('bless', bob);
    const length = await redis.xlen(redisKeys.accessAudit);
    expect(length).toBeGreaterThanOrEqual(100_000);
    expect(length).toBeLessThan(101_000);
  });
});

describe('restore', () => {
  const entry = {
    ...{ standing: 'blessed' as const, by: admin, since: '2026-11-21T00:00:00.000Z', name: 'Bob' },
  };

  it('brings back what was said, by whom and until when, and notes it once', async () => {
    const until = new Date((await redisNow()) + 60_000).toISOString();
    expect(await access.restore('import:1', bob, { ...entry, until })).toBe('restored');
    expect((await access.of(bob.id, 1)).user).toEqual({ ...entry, until });
    expect(await redis.pexpiretime(redisKeys.accessUser(bob.id))).toBe(Date.parse(until));
    expect(await access.restore('import:2', bob, { ...entry, until })).toBe('unchanged');
    expect(await access.audit({ limit: 9 })).toEqual([
      {
        ...{ id: expect.any(String), at: expect.any(String), word: 'bless', by: 0, chatId: 0 },
        ...{ target: bob, name: 'Bob', until, eventId: 'import:1' },
      },
    ]);
  });

  it('finds unchanged what a change made, and mends its TTL', async () => {
    const { entry: made } = await change('smite', friends, { durationS: 60, name: 'Friends' });
    await redis.persist(redisKeys.accessChat(friends.id));
    expect(await access.restore('import:1', friends, made ?? entry)).toBe('unchanged');
    expect(await redis.pexpiretime(redisKeys.accessChat(friends.id))).toBe(Date.parse(made?.until ?? ''));
    expect(await redis.xlen(redisKeys.accessAudit)).toBe(1);
  });

  it('leaves out what has run out by Redis’ clock', async () => {
    const until = new Date((await redisNow()) - 1).toISOString();
    await change('hammer', bob);
    expect(await access.restore('import:1', bob, { ...entry, until })).toBe('ran_out');
    expect((await access.of(bob.id, 1)).user).toMatchObject({ standing: 'banned' });
    expect(await redis.xlen(redisKeys.accessAudit)).toBe(1);
  });

  it('reads an end in any time zone, and lasts for ever without one', async () => {
    const endsMs = Math.ceil((await redisNow()) / 1000) * 1000 + 60_000;
    const inCairo = new Date(endsMs + 2 * 3_600_000).toISOString().replace('.000Z', '+02:00');
    await access.restore('import:1', bob, { ...entry, until: inCairo });
    expect((await access.of(bob.id, 1)).user?.until).toBe(new Date(endsMs).toISOString());
    await access.restore('import:1', bob, entry);
    expect(await redis.pttl(redisKeys.accessUser(bob.id))).toBe(-1);
    await expect(access.restore('import:1', friends, entry)).rejects.toThrow(TypeError);
  });
});
