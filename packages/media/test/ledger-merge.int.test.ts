import { describe, expect, it } from 'vitest';
import {
  askerOf,
  createReplica,
  createWorld,
  deliveries,
  hashOf,
  keysLeft,
  listening,
  stored,
} from './ledger-fixture.ts';

const identity = 'Youtube:x:video';

describe('identify', () => {
  it('is ours for the first, also when it says so again', async () => {
    const { lead } = await createWorld();
    const lease = await lead('one');
    expect(await lease.identify(identity)).toEqual({ kind: 'ours' });
    expect(await lease.identify(identity)).toEqual({ kind: 'ours' });
  });

  it('moves the askers to the job that is for the same thing, and ends this one', async () => {
    const { lead, join, find, resolve, withdraw, redis } = await createWorld();
    const first = await lead('one', { id: 1 });
    const second = await lead('two', { id: 2 });
    await join('two', { id: 3 });
    await first.identify(identity);
    expect(await second.identify(identity)).toEqual({
      kind: 'merged',
      into: first.hash,
      leader: first.leader,
    });

    expect(await resolve(second.hash)).toBe(first.hash);
    expect(await find(askerOf(2).origin)).toMatchObject({
      hash: first.hash,
      asker: { url: 'https://a.example/two' },
    });
    expect(await redis.keys(`media:*${second.hash}`)).toEqual([`media:same:${second.hash}`]);
    await expect(second.held()).rejects.toMatchObject({ name: 'Abandoned' });
    expect(second.signal.aborted).toBe(false);

    // Who asks by the other spelling joins the one job, and who asked before can still withdraw.
    expect(await join('two', { id: 4 })).toMatchObject({ hash: first.hash, state: 'working' });
    expect(await join('two', { id: 2 })).toMatchObject({ hash: first.hash, isNew: false });
    expect(await withdraw(askerOf(3).origin)).toEqual({ hash: first.hash, left: 3 });
    const { to, deliver } = deliveries();
    await first.complete(stored);
    await first.drain(deliver);
    expect(to.sort()).toEqual([1, 2, 4]);
    expect(await keysLeft(redis)).toEqual([]);
  });

  it('merges just one way where two find out at once', async () => {
    const one = await createWorld();
    const two = createReplica();
    const leases = [await one.lead('one', { id: 1 }), await two.lead('two', { id: 2 })];
    const found = await Promise.all(leases.map((lease) => lease.identify(identity)));
    expect(found.map(({ kind }) => kind).sort()).toEqual(['merged', 'ours']);
    const winner = leases[found.findIndex(({ kind }) => kind === 'ours')]!;
    expect(await winner.askers()).toHaveLength(2);
    await winner.held();
  });

  it('merges into a job that waits in line', async () => {
    const { lead, claim, line } = await createWorld();
    const first = await lead('one', { id: 1 });
    await first.identify(identity);
    const second = await lead('two', { id: 2 });
    await first.release();
    expect(await second.identify(identity)).toEqual({
      kind: 'merged',
      into: first.hash,
      leader: first.leader,
    });
    expect(await line(9)).toEqual([{ hash: first.hash, position: 1 }]);
    expect(await (await claim())!.askers()).toHaveLength(2);
  });

  it('merges into a job that has ended, whose drain tells the askers that it got', async () => {
    const { lead, redis } = await createWorld();
    const first = await lead('one', { id: 1 });
    const second = await lead('two', { id: 2 });
    await first.identify(identity);
    await first.complete(stored);
    const { to, deliver } = deliveries();
    await first.drain(async (asker) => {
      if (asker.origin.messageId === 1) {
        expect(await second.identify(identity)).toEqual({
          kind: 'merged',
          into: first.hash,
          leader: first.leader,
        });
      }
      await deliver(asker);
    });
    expect(to).toEqual([1, 2]);
    expect(await keysLeft(redis)).toEqual([]);
  });

  it('points elsewhere where the job for it is over, and to this one where nothing is left there', async () => {
    const { lead, redis } = await createWorld();
    const first = await lead('one', { id: 1 });
    await first.identify(identity);
    await first.complete(stored);
    await first.drain(async () => undefined);
    const second = await lead('two', { id: 2 });
    expect(await second.identify(identity)).toEqual({ kind: 'elsewhere', hash: first.hash });
    await second.held();
    expect(await second.identify(identity, first.hash)).toEqual({ kind: 'ours' });
    expect(await second.identify(identity)).toEqual({ kind: 'ours' });
    expect(await redis.ttl(`media:identity:${identity}`)).toBeGreaterThan(29 * 86_400);
  });

  it('is one of two that find nothing left at the same time, and the other joins it', async () => {
    const { lead } = await createWorld();
    const first = await lead('one', { id: 1 });
    await first.identify(identity);
    await first.complete(stored);
    await first.drain(async () => undefined);
    const second = await lead('two', { id: 2 });
    const third = await lead('three', { id: 3 });
    for (const lease of [second, third])
      expect(await lease.identify(identity)).toMatchObject({ kind: 'elsewhere' });
    expect(await third.identify(identity, first.hash)).toEqual({ kind: 'ours' });
    expect(await second.identify(identity, first.hash)).toMatchObject({ kind: 'merged', into: third.hash });
  });

  it('is no longer looked for elsewhere once it is its own', async () => {
    const { lead, resolve } = await createWorld();
    const first = await lead('one', { id: 1 });
    await first.identify(identity);
    await first.complete(stored);
    await first.drain(async () => undefined);
    const second = await lead('two', { id: 2 });
    await second.redirect(first.hash);
    expect(await second.identify(identity, first.hash)).toEqual({ kind: 'ours' });
    expect(await resolve(second.hash)).toBe(second.hash);
    expect(await second.identify(identity)).toEqual({ kind: 'ours' });
  });

  it('follows what the other was merged into', async () => {
    const { lead } = await createWorld();
    const one = await lead('one', { id: 1 });
    const two = await lead('two', { id: 2 });
    const three = await lead('three', { id: 3 });
    await two.identify('b');
    await one.identify('a');
    expect(await two.identify('a')).toEqual({ kind: 'merged', into: one.hash, leader: one.leader });
    expect(await three.identify('b')).toEqual({ kind: 'merged', into: one.hash, leader: one.leader });
    expect(await one.identify('b')).toEqual({ kind: 'ours' });
    expect(await one.askers()).toHaveLength(3);
  });

  it('does not call a merge abandoned, however fast it hears of it', async () => {
    const { lead, onChange, redis } = await createWorld();
    const first = await lead('one', { id: 1 });
    await first.identify(identity);
    await listening(redis);
    for (let id = 2; id < 30; id += 1) {
      const second = await lead(`spelling-${id}`, { id });
      const heard = new Promise<void>((resolve) => {
        const stop = onChange((hash) => {
          if (hash !== second.hash) return;
          stop();
          resolve();
        });
      });
      expect(await second.identify(identity)).toMatchObject({ kind: 'merged' });
      await heard;
      await first.held();
      expect(second.signal.aborted).toBe(false);
    }
  });
});

describe('redirect', () => {
  it('sends those who ask later elsewhere, and this job goes on for those who are there', async () => {
    const { lead, join, resolve, redis } = await createWorld();
    const lease = await lead('two', { id: 1 });
    await lease.redirect(hashOf('one'));
    expect(await redis.ttl(`media:same:${lease.hash}`)).toBeGreaterThan(29 * 86_400);
    expect(await resolve(lease.hash)).toBe(hashOf('one'));
    expect(await join('two', { id: 2 })).toMatchObject({ hash: hashOf('one'), state: 'waiting' });
    const { to, deliver } = deliveries();
    await lease.complete(stored);
    await lease.drain(deliver);
    expect(to).toEqual([1]);
  });

  it('makes no circle', async () => {
    const { lead, resolve, redis } = await createWorld();
    const one = await lead('one', { id: 1 });
    const two = await lead('two', { id: 2 });
    await one.redirect(two.hash);
    await two.redirect(one.hash);
    await two.redirect(two.hash);
    expect(await resolve(one.hash)).toBe(two.hash);
    expect(await resolve(two.hash)).toBe(two.hash);
    expect(await redis.keys('media:same:*')).toEqual([`media:same:${one.hash}`]);
  });
});
