import { redisKeys } from '@heavy/contracts';
import { describe, expect, it, vi } from 'vitest';
import { Abandoned, type Lease } from '../src/index.ts';
import {
  askerOf,
  createReplica,
  createWorld,
  deliveries,
  hashOf,
  keysLeft,
  listening,
  requestOf,
  shortLeaseMs,
  stored,
} from './ledger-fixture.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('join', () => {
  it('lets one of a thousand lead, through four replicas, and each is told once', async () => {
    const replicas = [await createWorld(), ...range(3).map(() => createReplica())];
    const joined = await Promise.all(
      range(1000).map((id) => replicas[id % 4]!.join('film', { lead: true, id })),
    );
    const led = joined.filter(({ state }) => state === 'led');
    expect(led).toHaveLength(1);
    expect(joined.filter(({ state }) => state === 'working')).toHaveLength(999);
    expect(new Set(joined.map(({ leader }) => leader))).toEqual(new Set([led[0]!.leader]));
    expect(await Promise.all(replicas.map(({ claim }) => claim()))).toEqual([null, null, null, null]);

    const { to, deliver } = deliveries();
    await led[0]!.lease!.complete(stored);
    expect(await led[0]!.lease!.drain(deliver)).toBe(1000);
    expect(to.sort((a, b) => a - b)).toEqual(range(1000));
    expect(await keysLeft(replicas[0]!.redis)).toEqual([]);
  });

  it('gives the lease what its job needs', async () => {
    const { join, askers } = await createWorld({ holder: 'me' });
    const { lease, ...joined } = await join('film', { lead: true, id: 7 });
    const hash = hashOf('film');
    expect(joined).toEqual({ hash, state: 'led', isNew: true, leader: 'correlation-7' });
    expect(lease).toMatchObject({
      ...{ hash, attempt: 1, leader: 'correlation-7', request: requestOf('film') },
      origin: askerOf(7).origin,
    });
    expect(lease?.outcome).toBeUndefined();
    expect(await askers(hash)).toMatchObject([
      { correlationId: 'correlation-7', url: requestOf('film').url },
    ]);
    expect(await lease!.askers()).toEqual(await askers(hash));
  });

  it('tells a place in the line where it does not lead', async () => {
    const { join, line } = await createWorld();
    expect(await join('one')).toMatchObject({ state: 'waiting', position: 1, isNew: true });
    expect(await join('two')).toMatchObject({ state: 'waiting', position: 2 });
    expect(await join('one')).toMatchObject({ state: 'waiting', position: 1, leader: 'correlation-1' });
    const places = [1, 2].map((position) => ({ hash: hashOf(position === 1 ? 'one' : 'two'), position }));
    expect(await line(10)).toEqual(places);
    expect(await line(1)).toEqual(places.slice(0, 1));
    expect(await line(0)).toEqual([]);
  });

  it('does not lead past those who wait longer', async () => {
    const { join, claim } = await createWorld();
    await join('first');
    expect(await join('second', { lead: true })).toMatchObject({ state: 'waiting', position: 2 });
    expect(await join('first', { lead: true })).toMatchObject({ state: 'led', leader: 'correlation-1' });
    expect((await claim())?.hash).toBe(hashOf('second'));
  });

  it('is nothing new for the same message, and another asker for another message of the same person', async () => {
    const { join, askers, lead } = await createWorld();
    const lease = await lead('film', { id: 1 });
    expect(await join('film', { lead: true, id: 1 })).toMatchObject({ state: 'working', isNew: false });
    expect(await askers(lease.hash)).toHaveLength(1);
    expect(await join('film', { id: 2 })).toMatchObject({ isNew: true });
    expect(await askers(lease.hash)).toHaveLength(2);
  });

  it('leaves a message with what it waits for already', async () => {
    const { join, find } = await createWorld();
    await join('film', { id: 1 });
    expect(await join('other', { id: 1 })).toMatchObject({ hash: hashOf('film'), isNew: false, position: 1 });
    expect(await find(askerOf(1).origin)).toMatchObject({ hash: hashOf('film') });
  });

  it('shows the last report, and that the end has come', async () => {
    const { join, lead } = await createWorld();
    const lease = await lead('film');
    await lease.report({ phase: 'downloading', bytes: 1 });
    await lease.report({ phase: 'downloading', bytes: 2, totalBytes: 9 });
    expect((await join('film')).progress).toEqual({ phase: 'downloading', bytes: 2, totalBytes: 9 });
    await lease.complete(stored);
    const late = await join('film');
    expect(late).toMatchObject({ state: 'ended', isNew: true });
    expect(late).not.toHaveProperty('progress');
  });

  it('refuses what is no URL', async () => {
    const {
      ledger: { join },
      redis,
    } = await createWorld();
    const request = { ...requestOf('film'), url: 'https://user:secret@a.example/film' };
    const order = { hash: hashOf('film'), request, asker: askerOf(1), lead: true };
    await expect(join(order)).rejects.toThrow('credentials');
    expect(await keysLeft(redis)).toEqual([]);
  });

  it('leaves nothing behind for ever', async () => {
    const { join, lead, redis } = await createWorld();
    await lead('film');
    await join('other');
    const lives = await Promise.all((await keysLeft(redis)).map((key) => redis.ttl(key)));
    expect(lives.length).toBeGreaterThan(6);
    for (const life of lives) expect(life).toBeGreaterThan(6 * 86_400);
  });
});

describe('claim', () => {
  it('takes the first of the line, each once', async () => {
    const options = { perHost: 100 };
    const one = await createWorld(options);
    const other = createReplica(options);
    const names = range(20).map(String);
    for (const name of names) await one.join(name);
    const claimed = await Promise.all(range(30).map((n) => (n % 2 ? one : other).claim()));
    const hashes = claimed.flatMap((lease) => (lease ? [lease.hash] : []));
    expect(hashes.sort()).toEqual(names.map((name) => hashOf(name)).sort());
    const tokens = claimed.flatMap((lease) => (lease ? [lease.token] : []));
    expect(new Set(tokens).size).toBe(20);
  });

  it('works on no more jobs of one host than the limit, and on those of others meanwhile', async () => {
    const options = { perHost: 2 };
    const { join, lead, claim } = await createWorld(options);
    const other = createReplica(options);
    const leases = [await lead('1'), await lead('2')];
    expect(await join('3', { lead: true })).toMatchObject({ state: 'waiting', position: 1 });
    expect(await join('4', { host: 'b.example' })).toMatchObject({ state: 'waiting', position: 2 });
    expect((await other.claim())?.hash).toBe(hashOf('4', 'b.example'));
    expect(await other.claim()).toBeNull();
    await leases[0]!.complete(stored);
    expect((await other.claim())?.hash).toBe(hashOf('3'));
    expect(await claim()).toBeNull();
  });

  it('counts the ways to spell a site as one host', async () => {
    const { join, lead } = await createWorld({ perHost: 1 });
    await lead('watch?v=aaaaaaaaaaa', { host: 'www.youtube.com' });
    expect(await join('bbbbbbbbbbb', { host: 'youtu.be', lead: true })).toMatchObject({ state: 'waiting' });
  });

  it.each([
    ['release', (lease: Lease) => lease.release()],
    ['retryLater', (lease: Lease) => lease.retryLater(60_000)],
    ['handOn', (lease: Lease) => lease.handOn()],
  ] as const)('finds room at a host after %s', async (how, giveBack) => {
    const { join, lead, claim } = await createWorld({ perHost: 1 });
    const lease = await lead('1');
    await join('2');
    expect(await claim()).toBeNull();
    await giveBack(lease);
    expect((await claim())?.hash).toBe(hashOf(how === 'release' ? '1' : '2'));
  });

  it('keeps the place of a job at its host when it takes it over', async () => {
    const dead = await createWorld({ perHost: 1, lease: shortLeaseMs });
    const { join, claim, redis } = createReplica({ perHost: 1 });
    await dead.lead('1');
    await join('2', { id: 2 });
    await dead.close();
    const taken = await vi.waitFor(async () => (await claim()) ?? expect.fail('not claimed'));
    expect(taken).toMatchObject({ hash: hashOf('1'), deaths: 1 });
    expect(await claim()).toBeNull();
    expect(await redis.smembers(redisKeys.ledger.host('a.example'))).toEqual([hashOf('1')]);
  });

  it('gives jobs that workers have died over one at a time, and others beside them', async () => {
    const dead = await createWorld({ lease: shortLeaseMs });
    const { lead, claim, redis } = createReplica();
    for (const name of ['1', '2']) {
      const { hash } = await dead.lead(name);
      await redis.hset(redisKeys.ledger.job(hash), 'deaths', 2);
    }
    await dead.close();
    const first = await vi.waitFor(async () => (await claim()) ?? expect.fail('not claimed'));
    await vi.waitFor(async () =>
      expect(await redis.zcount(redisKeys.ledger.leases, '-inf', Date.now())).toBe(1),
    );
    expect(await claim()).toBeNull();
    await lead('fresh', { id: 9 });
    await first.complete(stored);
    await first.drain(async () => undefined);
    expect(await claim()).toMatchObject({ deaths: 3 });
    expect(await claim()).toBeNull();
  });

  it('frees a place at a host whose job was removed by hand', async () => {
    const { join, lead, claim, redis } = await createWorld({ perHost: 1 });
    const lease = await lead('1');
    await join('2');
    await redis.del(redisKeys.ledger.job(lease.hash));
    expect((await claim())?.hash).toBe(hashOf('2'));
  });

  it('gives a second of the line to whom its own lease has run out, not that lease once more', async () => {
    const { join, lead, claim, redis } = await createWorld();
    const lease = await lead('1');
    await join('2');
    await redis.zadd(redisKeys.ledger.leases, 1, lease.hash);
    expect((await claim())?.hash).toBe(hashOf('2'));
    expect(await claim()).toBeNull();
    await lease.held();
  });
});

describe('withdraw', () => {
  it('removes the asker, and the job with the last one', async () => {
    const { join, withdraw, find, redis } = await createWorld();
    await join('film', { id: 1 });
    await join('film', { id: 2 });
    const hash = hashOf('film');
    expect(await withdraw(askerOf(1).origin)).toEqual({ hash, left: 1 });
    expect(await withdraw(askerOf(1).origin)).toBeNull();
    expect(await find(askerOf(1).origin)).toBeNull();
    expect(await find(askerOf(2).origin)).toMatchObject({ hash, asker: { correlationId: 'correlation-2' } });
    expect(await withdraw(askerOf(2).origin)).toEqual({ hash, left: 0 });
    expect(await keysLeft(redis)).toEqual([]);
  });

  it.each(['working', 'to be tried again', 'released', 'handed on', 'ended', 'left by a dead holder'])(
    'deletes a job that is %s',
    async (state) => {
      const { lead, withdraw, redis, close, claim } = await createWorld();
      const lease = await lead('film', { id: 1 });
      if (state === 'to be tried again') await lease.retryLater(0);
      if (state === 'released') await lease.release();
      if (state === 'handed on') await lease.handOn();
      if (state === 'ended') await lease.complete(stored);
      if (state === 'left by a dead holder') await close();
      expect(await withdraw(askerOf(1).origin)).toEqual({ hash: lease.hash, left: 0 });
      expect(await keysLeft(redis)).toEqual([]);
      expect(await claim()).toBeNull();
    },
  );

  it.each(['that listens', 'that has not begun to listen'])(
    'makes a holder %s stop long before the lease is renewed',
    async (which) => {
      const { lead, redis } = await createWorld();
      const { withdraw, find } = createReplica();
      await find(askerOf(1).origin);
      const lease = await lead('film', { id: 1 });
      if (which === 'that listens') await listening(redis);
      await withdraw(askerOf(1).origin);
      await vi.waitFor(() => expect(lease.signal.reason).toBeInstanceOf(Abandoned));
      await expect(lease.complete(stored)).rejects.toBeInstanceOf(Abandoned);
    },
  );
});

describe('onChange', () => {
  it('hears of each change, also after its connection was lost, until it stops', async () => {
    const { redis, onChange, join } = await createWorld();
    const heard: string[] = [];
    const stop = onChange((hash) => heard.push(hash));
    const hearsOf = async (name: string) => {
      const hash = hashOf(name);
      await vi.waitFor(async () => {
        await join(name);
        expect(heard).toContain(hash);
      });
    };
    await hearsOf('first');
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await hearsOf('second');
    stop();
    const before = heard.length;
    const { onChange: elsewhere } = createReplica();
    const other = vi.fn();
    elsewhere(other);
    await vi.waitFor(async () => {
      await join('third');
      expect(other).toHaveBeenCalledWith(hashOf('third'));
    });
    expect(heard).toHaveLength(before);
  });
});
