import { redisKeys } from '@heavy/contracts';
import { describe, expect, it, vi } from 'vitest';

import { Abandoned, type Lease, LeaseLost, type TakenHandedOn } from '../src/index.ts';
import {
  askerOf,
  createReplica,
  createWorld,
  deliveries,
  hashOf,
  keysLeft,
  notFound,
  requestOf,
  shortLeaseMs,
} from './ledger-fixture.ts';

const film = hashOf('film');

const leaseOf = (taken: TakenHandedOn): Lease => {
  if (taken.kind !== 'taken') throw new Error(`not taken, but ${taken.kind}`);
  return taken.lease;
};

/** A film that a small replica has handed on. */
const handedOn = async (name = 'film', perHost?: number) => {
  const small = await createWorld(perHost === undefined ? {} : { perHost });
  await (await small.lead(name)).handOn();
  return small;
};

describe('takeHandedOn', () => {
  it('takes the lease of a job that was handed on, with its askers, to the last answer', async () => {
    const { takeHandedOn, redis } = await handedOn();
    const taken = await takeHandedOn(film);
    expect(taken).toMatchObject({ kind: 'taken', handedOnAt: expect.any(Number) });
    const lease = leaseOf(taken);
    expect(lease).toMatchObject({ request: requestOf('film'), deaths: 0 });
    await lease.complete(notFound);
    const { deliver, to } = deliveries();
    await lease.drain(deliver);
    expect(to).toEqual([1]);
    expect(await keysLeft(redis)).toEqual([]);
    expect(await takeHandedOn(film)).toEqual({ kind: 'gone' });
  });

  it('does not take one that is still with whoever hands it on', async () => {
    const { lead, takeHandedOn } = await createWorld();
    await lead('film');
    expect(await takeHandedOn(film)).toEqual({ kind: 'held', forMs: expect.any(Number) });
  });

  it('does not take what somebody has, this replica included', async () => {
    const { takeHandedOn } = await handedOn();
    const other = createReplica({ holder: 'other' });
    leaseOf(await takeHandedOn(film));
    for (const take of [takeHandedOn, other.takeHandedOn])
      expect(await take(film)).toEqual({ kind: 'held', forMs: expect.any(Number) });
  });

  it('takes one whose holder died, which nobody claims', async () => {
    const { lead, redis, claim, join } = await createWorld({ lease: shortLeaseMs });
    await (await lead('film')).handOn();
    const dead = createReplica({ holder: 'dead', lease: shortLeaseMs });
    const first = leaseOf(await dead.takeHandedOn(film));
    await dead.ledger.close();
    const next = createReplica({ holder: 'next' });
    const second = await vi.waitFor(async () => leaseOf(await next.takeHandedOn(film)));
    expect(await claim()).toBeNull();
    expect((await join('film', { lead: true })).state).toBe('working');
    expect(second.deaths).toBe(1);
    expect(second.token).toBeGreaterThan(first.token);
    await expect(first.held()).rejects.toThrow(LeaseLost);
    expect(await redis.zcard(redisKeys.ledger.leases)).toBe(0);
  });

  it('goes on with the outcome where its holder died over the answers', async () => {
    const { takeHandedOn } = await handedOn();
    const lease = leaseOf(await takeHandedOn(film));
    await lease.complete(notFound);
    await lease.release();
    expect(leaseOf(await takeHandedOn(film)).outcome).toEqual(notFound);
  });

  it('keeps to the limit of a host, beside what is claimed there', async () => {
    const { lead, takeHandedOn } = await handedOn('film', 1);
    const other = await lead('other');
    expect(await takeHandedOn(film)).toEqual({ kind: 'full' });
    await other.release();
    const lease = leaseOf(await takeHandedOn(film));
    await expect(lead('other')).rejects.toThrow('not led');
    await lease.release();
    await lead('other');
  });

  it('keeps a job apart over which two workers have died', async () => {
    const { lead, takeHandedOn, redis } = await handedOn();
    await (await lead('other')).handOn();
    await redis.hset(redisKeys.ledger.job(film), 'deaths', 2);
    await redis.hset(redisKeys.ledger.job(hashOf('other')), 'deaths', 2);
    const lease = leaseOf(await takeHandedOn(film));
    expect(await takeHandedOn(hashOf('other'))).toEqual({ kind: 'full' });
    await lease.release();
    leaseOf(await takeHandedOn(hashOf('other')));
  });

  it('gives a lease that ends when nobody waits any more', async () => {
    const { takeHandedOn, withdraw } = await handedOn();
    const lease = leaseOf(await takeHandedOn(film));
    await withdraw(askerOf(1).origin);
    await expect(lease.held()).rejects.toThrow(Abandoned);
    expect(await takeHandedOn(film)).toEqual({ kind: 'gone' });
  });
});

describe('a job that was handed on', () => {
  it.each(['release', 'handOn'] as const)('stays so after %s, and nobody claims it', async (back) => {
    const { takeHandedOn, claim, join, sweep } = await handedOn();
    const lease = leaseOf(await takeHandedOn(film));
    await lease[back]();
    expect(await sweep()).toEqual([]);
    expect(await claim()).toBeNull();
    expect((await join('film', { lead: true })).state).toBe('handed_on');
    expect(leaseOf(await takeHandedOn(film)).deaths).toBe(0);
  });

  it('tells those who join what its holder left', async () => {
    const { takeHandedOn, join } = await handedOn();
    await leaseOf(await takeHandedOn(film)).handOn({ phase: 'queued', position: 2 });
    expect((await join('film')).progress).toEqual({ phase: 'queued', position: 2 });
  });

  it('is found by handedOn, whoever has it, and no other is', async () => {
    const { lead, join, handedOn: all, takeHandedOn } = await handedOn();
    await lead('led');
    await join('waits');
    const one = {
      hash: film,
      request: requestOf('film'),
      origin: askerOf(1).origin,
      leader: 'correlation-1',
    };
    expect(await all()).toEqual([{ ...one, place: expect.any(Number) }]);
    const lease = leaseOf(await takeHandedOn(film));
    expect(await all()).toHaveLength(1);
    await lease.complete(notFound);
    expect(await all()).toHaveLength(1);
    await lease.drain(async () => undefined);
    expect(await all()).toEqual([]);
  });
});

describe('look', () => {
  it('shows a job as it is, and none where there is none', async () => {
    const { look, takeHandedOn, join } = await handedOn();
    await join('film');
    expect(await look(film)).toEqual({ state: 'handed_on', deaths: 0, askers: 2 });
    await leaseOf(await takeHandedOn(film)).report({ phase: 'downloading', bytes: 5 });
    expect(await look(film)).toMatchObject({
      ...{ state: 'working', holder: 'replica', progress: { phase: 'downloading', bytes: 5 } },
    });
    expect(await look(hashOf('other'))).toBeNull();
  });
});
