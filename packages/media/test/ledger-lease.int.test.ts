import { describe, expect, it, vi } from 'vitest';
import { LeaseLost } from '../src/index.ts';
import {
  askerOf,
  createReplica,
  createWorld,
  deliveries,
  hashOf,
  keysLeft,
  notFound,
  patientLeaseMs,
  shortLeaseMs,
  stored,
} from './ledger-fixture.ts';

type Replica = ReturnType<typeof createReplica>;

/** Claims as soon as there is something to claim. */
const claimed = ({ claim }: Replica) =>
  vi.waitFor(async () => (await claim()) ?? expect.fail('nothing to claim'), { interval: 20 });

describe('a lease', () => {
  it('is renewed for as long as it is held', async () => {
    const { lead } = await createWorld({ lease: patientLeaseMs });
    const other = createReplica();
    const lease = await lead('film');
    const from = Date.now();
    await vi.waitFor(async () => {
      expect(await other.claim()).toBeNull();
      expect(Date.now() - from).toBeGreaterThan(1.5 * patientLeaseMs);
    });
    await lease.held();
    expect(lease.signal.aborted).toBe(false);
  });

  it('goes to another when its holder dies, and the loser is refused everything', async () => {
    const dead = await createWorld({ holder: 'dead', lease: patientLeaseMs });
    const other = createReplica({ holder: 'other' });
    const lost = await dead.lead('film');
    await dead.close();
    expect(await other.claim()).toBeNull();
    const lease = await claimed(other);
    expect(lease).toMatchObject({ hash: lost.hash, attempt: 1, deaths: 1, leader: lost.leader });
    expect(lease.token).toBeGreaterThan(lost.token);

    const refused = [
      () => lost.held(),
      () => lost.report({ phase: 'probing' }),
      () => lost.complete(notFound),
      () => lost.identify('x:1:video'),
      () => lost.redirect(hashOf('other')),
      () => lost.retryLater(0),
      () => lost.release(),
      () => lost.handOn(),
    ];
    for (const call of refused) await expect(call()).rejects.toBeInstanceOf(LeaseLost);
    expect(await other.join('film')).toMatchObject({ state: 'working' });
    await lease.held();
    expect(await other.redis.keys('media:{same,identity}:*')).toEqual([]);
  });

  it('aborts where its holder was away too long', async () => {
    const away = await createWorld({ lease: shortLeaseMs });
    const other = createReplica();
    const lease = await away.lead('film');
    away.redis.disconnect();
    await claimed(other);
    expect(lease.signal.aborted).toBe(false);
    await away.redis.connect();
    await vi.waitFor(() => expect(lease.signal.reason).toBeInstanceOf(LeaseLost));
  });

  it('goes on after its holder was away where nobody took it', async () => {
    const away = await createWorld({ lease: patientLeaseMs });
    const watcher = createReplica();
    const lease = await away.lead('film');
    away.redis.disconnect();
    const due = async () => Number(await watcher.redis.zscore('media:leases', lease.hash));
    await vi.waitFor(async () => expect(await due()).toBeLessThan(Date.now()));
    await away.redis.connect();
    await lease.held();
    expect(lease.signal.aborted).toBe(false);
    expect(await due()).toBeGreaterThan(Date.now());
    expect(await watcher.claim()).toBeNull();
  });

  it('is lost to the job that takes the place of an abandoned one', async () => {
    const { lead, withdraw, join } = await createWorld();
    const old = await lead('film', { id: 1 });
    await withdraw(askerOf(1).origin);
    const { lease } = await join('film', { id: 2, lead: true });
    expect(lease).toMatchObject({ attempt: 1, leader: 'correlation-2' });
    expect(lease!.token).toBeGreaterThan(old.token);
    await expect(old.complete(stored)).rejects.toBeInstanceOf(LeaseLost);
    await vi.waitFor(() => expect(old.signal.aborted).toBe(true));
    await lease!.held();
  });
});

describe('retryLater', () => {
  it('gives the job back when the delay is over, as another attempt', async () => {
    const world = await createWorld();
    const lease = await world.lead('film');
    await lease.retryLater(2000);
    expect(await world.claim()).toBeNull();
    const waiting = await world.join('film', { lead: true });
    expect(waiting.state).toBe('waiting');
    expect(waiting).not.toHaveProperty('position');
    const again = await claimed(world);
    expect(again).toMatchObject({ hash: lease.hash, attempt: 2, deaths: 0, place: lease.place });
    expect(lease.signal.aborted).toBe(false);
    await expect(lease.held()).rejects.toBeInstanceOf(LeaseLost);
  });
});

describe('release', () => {
  it('puts the job at the head of the line, as if it had not been begun', async () => {
    const { lead, join, claim, line } = await createWorld();
    const lease = await lead('first');
    await join('second');
    await lease.release();
    expect((await line(2)).map(({ hash }) => hash)).toEqual([hashOf('first'), hashOf('second')]);
    expect(await join('first')).toMatchObject({ state: 'waiting', position: 1 });
    expect(await claim()).toMatchObject({ hash: hashOf('first'), attempt: 1 });
    expect(lease.signal.aborted).toBe(false);
  });

  it('puts it before those that have waited longer for their host', async () => {
    const { lead, join, line } = await createWorld({ perHost: 1 });
    await lead('one', { host: 'b.example' });
    await join('two', { host: 'b.example' });
    const lease = await lead('film');
    await lease.release();
    expect((await line(2)).map(({ hash }) => hash)).toEqual([lease.hash, hashOf('two', 'b.example')]);
  });

  it('leaves a job that has ended to be drained', async () => {
    const { lead, join, claim } = await createWorld();
    const lease = await lead('film');
    await lease.complete(stored);
    await lease.release();
    expect(await join('film')).toMatchObject({ state: 'ended' });
    expect((await claim())?.outcome).toEqual(stored);
  });
});

describe('handOn', () => {
  it('keeps the askers, and nobody claims the job', async () => {
    const { lead, join, claim, line, askers, sweep } = await createWorld();
    const lease = await lead('film');
    await lease.handOn();
    expect(await join('film', { lead: true })).toMatchObject({ state: 'handed_on', isNew: true });
    expect(await askers(lease.hash)).toHaveLength(2);
    expect([await claim(), await line(9), await sweep()]).toEqual([null, [], []]);
    await expect(lease.held()).rejects.toBeInstanceOf(LeaseLost);
  });
});

describe('drain', () => {
  it('tells those who join while it delivers', async () => {
    const { lead, join, redis } = await createWorld();
    const lease = await lead('film', { id: 1 });
    await lease.complete(stored);
    const { to, deliver } = deliveries();
    const served = await lease.drain(async (asker, outcome) => {
      expect(outcome).toEqual(stored);
      const { messageId } = asker.origin;
      if (messageId < 5) expect(await join('film', { id: messageId + 1 })).toMatchObject({ state: 'ended' });
      await deliver(asker);
    });
    expect([served, to]).toEqual([5, [1, 2, 3, 4, 5]]);
    expect(await keysLeft(redis)).toEqual([]);
    expect(lease.signal.aborted).toBe(false);
  });

  it('forgets nobody who joins from many sides until the job is gone', async () => {
    const { lead, join, redis, claim } = await createWorld();
    const other = createReplica();
    const lease = await lead('film', { id: 1 });
    await lease.complete(stored);
    const { to, deliver } = deliveries();
    const joining = Array.from({ length: 400 }, (_, index) =>
      (index % 2 ? other : { join }).join('film', { id: index + 2 }),
    );
    await Promise.all([lease.drain(deliver), ...joining]);
    // Those who came after the deletion made a job of their own.
    const next = await claim();
    await next?.complete(stored);
    await next?.drain(deliver);
    expect(to.sort((a, b) => a - b)).toEqual(Array.from({ length: 401 }, (_, index) => index + 1));
    expect(await keysLeft(redis)).toEqual([]);
  });

  it('loses nobody when delivering fails, and the next holder tells only those who were not told', async () => {
    const dying = await createWorld({ lease: shortLeaseMs });
    const other = createReplica();
    const lease = await dying.lead('film', { id: 1 });
    for (let id = 2; id <= 250; id += 1) await dying.join('film', { id });
    await lease.complete(notFound);
    const { to, deliver } = deliveries();
    const broken = new Error('broker away');
    const draining = lease.drain(async (asker) => {
      if (to.length >= 130) throw broken;
      await deliver(asker);
    });
    await expect(draining).rejects.toBe(broken);
    expect(to).toHaveLength(130);
    expect(await other.askers(lease.hash)).toHaveLength(120);

    const next = await claimed(other);
    expect(next).toMatchObject({ outcome: notFound, deaths: 1 });
    expect(await next.drain(deliver)).toBe(120);
    expect(to.sort((a, b) => a - b)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    expect(await keysLeft(other.redis)).toEqual([]);
  });

  it('tells those twice who were told right before the holder died, and nobody else', async () => {
    const dying = await createWorld({ lease: shortLeaseMs });
    const other = createReplica();
    const lease = await dying.lead('film', { id: 1 });
    for (let id = 2; id <= 150; id += 1) await dying.join('film', { id });
    await lease.complete(stored);
    const { to, deliver } = deliveries();
    void lease.drain(async (asker) => {
      await deliver(asker);
      // The second batch: the process is gone after delivering, before anything is removed.
      if (to.length > 100) await new Promise(() => undefined);
    });
    await vi.waitFor(() => expect(to).toHaveLength(150));
    await dying.close();
    dying.redis.disconnect();
    const next = await claimed(other);
    expect(await next.drain(deliver)).toBe(50);
    expect(to).toHaveLength(200);
    expect(new Set(to).size).toBe(150);
    expect(to.slice(100, 150).sort()).toEqual(to.slice(150).sort());
  });

  it('is refused to a holder that was replaced meanwhile, who removes nobody', async () => {
    const slow = await createWorld({ lease: shortLeaseMs });
    const other = createReplica();
    const lease = await slow.lead('film');
    await lease.complete(stored);
    const gate = Promise.withResolvers<void>();
    const draining = lease.drain(() => gate.promise);
    await slow.close();
    const next = await claimed(other);
    gate.resolve();
    await expect(draining).rejects.toBeInstanceOf(LeaseLost);
    expect(await other.askers(next.hash)).toHaveLength(1);
    expect(await next.drain(async () => undefined)).toBe(1);
  });

  it('is done where everybody withdraws meanwhile', async () => {
    const { lead, withdraw, redis } = await createWorld();
    const lease = await lead('film', { id: 1 });
    await lease.complete(stored);
    const served = await lease.drain(async ({ origin }) => {
      expect(await withdraw(origin)).toMatchObject({ left: 0 });
    });
    expect(served).toBe(1);
    expect(lease.signal.aborted).toBe(false);
    expect(await keysLeft(redis)).toEqual([]);
  });

  it('renews the lease while it delivers', async () => {
    const { lead } = await createWorld({ lease: patientLeaseMs });
    const other = createReplica();
    const lease = await lead('film');
    await lease.complete(stored);
    const from = Date.now();
    await lease.drain(() =>
      vi.waitFor(async () => {
        expect(await other.claim()).toBeNull();
        expect(Date.now() - from).toBeGreaterThan(1.5 * patientLeaseMs);
      }),
    );
  });

  it('needs an outcome', async () => {
    const { lead } = await createWorld();
    await expect((await lead('film')).drain(async () => undefined)).rejects.toThrow('complete');
  });
});
