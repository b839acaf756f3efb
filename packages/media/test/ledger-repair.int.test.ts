import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { redisKeys } from '@heavy/contracts';
import { startRedis } from '@heavy/stack';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createReplica, createWorld, deliveries, hashOf, keysLeft, stored } from './ledger-fixture.ts';

const { ledger } = redisKeys;

describe('sweep', () => {
  it('leaves alone what waits, is worked on, is to be tried again, or was handed on', async () => {
    const { lead, join, sweep } = await createWorld();
    await (await lead('handed-on')).handOn();
    await (await lead('tried-again')).retryLater(60_000);
    await lead('worked-on');
    await join('waits');
    expect(await sweep()).toEqual([]);
  });

  it('puts what is in no index back to its place in the line, and whoever held it is fenced off', async () => {
    const { lead, join, sweep, line, redis, claim, close } = await createWorld();
    await (await lead('handed-on')).handOn();
    await (await lead('tried-again')).retryLater(60_000);
    const lease = await lead('worked-on');
    await join('waits');
    // A holder that lives puts its lease back.
    await close();
    await redis.del(ledger.waiting, ledger.leases);
    const names = ['tried-again', 'worked-on', 'waits'];
    expect((await sweep()).sort()).toEqual(names.map((name) => hashOf(name)).sort());
    expect((await line(9)).map(({ hash }) => hash)).toEqual(names.map((name) => hashOf(name)));
    expect(await sweep()).toEqual([]);
    await expect(lease.complete(stored)).rejects.toMatchObject({ name: 'LeaseLost' });
    expect((await claim())?.hash).toBe(hashOf('tried-again'));
  });

  it('is not needed for a lease whose holder lives: renewing puts it back', async () => {
    const { lead, sweep, redis } = await createWorld();
    const lease = await lead('film');
    await redis.del(ledger.leases, ledger.host('a.example'));
    await lease.held();
    expect(await sweep()).toEqual([]);
    expect(await redis.smembers(ledger.host('a.example'))).toEqual([lease.hash]);
  });

  it('does not hold up those who ask again for a job that a hand deleted', async () => {
    const { join, ledger: own, redis } = await createWorld();
    const { hash } = await join('film', { id: 1 });
    await redis.del(ledger.job(hash));
    expect(await own.find({ account: 1, chatId: -5, messageId: 1 })).toBeNull();
    expect(await join('film', { id: 1 })).toMatchObject({ isNew: true, state: 'waiting' });
  });

  it('finds jobs among many other keys', async () => {
    const { join, sweep, redis } = await createWorld();
    await redis.mset(
      Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`handled:q:${index}`, '1'])),
    );
    for (let index = 0; index < 20; index += 1) await join(String(index));
    await redis.del(ledger.waiting);
    expect(new Set(await sweep()).size).toBe(20);
  });
});

describe('createLedger on a Redis that goes away', () => {
  it('loses no job, no asker and no lease, and hears of changes again', async () => {
    const dir = mkdtempSync(joinPath(tmpdir(), 'heavy-ledger-'));
    const server = await startRedis({ dir });
    onTestFinished(async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    });
    const replica = await createWorld({ url: server.url });
    const lease = await replica.lead('film', { id: 1 });
    await replica.join('film', { id: 2 });
    await replica.join('next', { id: 3 });
    await server.kill();
    const joining = replica.join('film', { id: 4 });
    const claiming = replica.claim();
    await server.start();

    // The scripts are gone from Redis' cache with the process, and are sent again.
    expect(await joining).toMatchObject({ state: 'working', isNew: true });
    expect((await claiming)?.hash).toBe(hashOf('next'));
    await lease.held();
    expect(lease.signal.aborted).toBe(false);
    const { to, deliver } = deliveries();
    await lease.complete(stored);
    expect(await lease.drain(deliver)).toBe(3);
    expect(to.sort()).toEqual([1, 2, 4]);

    const other = createReplica({ url: server.url });
    const heard = vi.fn();
    replica.onChange(heard);
    await vi.waitFor(
      async () => {
        await other.join('later');
        expect(heard).toHaveBeenCalledWith(hashOf('later'));
      },
      // A client that finds Redis still reading its file looks again after whole seconds.
      { timeout: 15_000 },
    );
    expect(await keysLeft(replica.redis)).not.toContain(ledger.job(lease.hash));
  });
});
