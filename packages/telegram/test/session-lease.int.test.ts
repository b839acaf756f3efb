import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type RedisServer, startRedis } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  acquireSessionLease,
  type Logger,
  type SessionLease,
  SessionLeaseLost,
  type SessionLeaseOptions,
  sessionHolder,
} from '../src/index.ts';

const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const key = `test:session:${process.pid}`;
const holder = fileURLToPath(new URL('./fixtures/lease-holder.ts', import.meta.url));
const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort');

describe('acquireSessionLease', () => {
  let redis: Redis;
  let ended: AbortController;
  let leases: Promise<SessionLease>[];
  let children: ChildProcess[];

  beforeEach(() => {
    redis = new Redis(inject('redis').url, { db: 8 });
    [ended, leases, children] = [new AbortController(), [], []];
  });
  afterEach(async () => {
    vi.useRealTimers();
    ended.abort();
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(leases.map((one) => one.then((lease) => lease.release()).catch(() => undefined)));
    await redis.del(key);
    redis.disconnect();
  });

  const acquire = (options: Partial<SessionLeaseOptions> = {}): Promise<SessionLease> => {
    const lease = acquireSessionLease({
      ...{ redis, key, holder: 'a', leaseMs: 1000, signal: ended.signal, log },
      ...options,
    });
    leases.push(lease);
    lease.catch(() => undefined);
    return lease;
  };
  /** A process that holds the lease of `leaseMs`; what it writes, line by line. */
  const startHolder = (leaseMs: number) => {
    const url = new URL(inject('redis').url);
    url.pathname = '/8';
    const child = spawn(process.execPath, [holder, url.href, key, String(leaseMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    return { child, lines };
  };

  it('lets one in at a time, and tells the other whom it waits for, once', async () => {
    const first = await acquire();
    const onWaiting = vi.fn();
    const second = vi.fn();
    acquire({ holder: 'b', onWaiting }).then(second, () => undefined);
    await vi.waitFor(() => expect(onWaiting).toHaveBeenCalledWith('a'));
    // Longer than it is held without a renewal.
    await vi.waitFor(() => expect(Date.now() - first.since.getTime()).toBeGreaterThan(2500), 5000);
    expect(second).not.toHaveBeenCalled();
    expect(onWaiting).toHaveBeenCalledOnce();
    first.check();
    expect(await sessionHolder(redis, key)).toEqual({ holder: 'a', since: first.since.toISOString() });
  });

  it('hands over as soon as it is given back, and is over for who gave it', async () => {
    const first = await acquire({ leaseMs: 60_000 });
    const second = acquire({ holder: 'b' });
    const before = Date.now();
    await first.release();
    (await second).check();
    expect(Date.now() - before).toBeLessThan(1000);
    expect(() => first.check()).toThrow(SessionLeaseLost);
    expect(first.signal.reason).toBeInstanceOf(SessionLeaseLost);
    // What is somebody else's is not given back.
    await first.release();
    expect((await sessionHolder(redis, key))?.holder).toBe('b');
  });

  it('leaves nothing behind where the waiting ends', async () => {
    const first = await acquire();
    const waiting = new AbortController();
    const onWaiting = vi.fn();
    const second = acquire({ holder: 'b', signal: waiting.signal, onWaiting });
    await vi.waitFor(() => expect(onWaiting).toHaveBeenCalled());
    const reason = new Error('enough');
    waiting.abort(reason);
    await expect(second).rejects.toBe(reason);
    await first.release();
    expect(await redis.exists(key)).toBe(0);
    await expect(acquire({ signal: waiting.signal })).rejects.toBe(reason);
  });

  it('gives back what comes after the waiting has ended', async () => {
    const waiting = new AbortController();
    const slow = {
      eval: async (script: string, keys: number, ...args: string[]) => {
        const answer = await redis.eval(script, keys, ...args);
        waiting.abort(new Error('enough'));
        return answer;
      },
    } as Partial<Redis> as Redis;
    await expect(acquire({ redis: slow, signal: waiting.signal })).rejects.toThrow('enough');
    expect(await redis.exists(key)).toBe(0);
  });

  it('is lost where another has it', async () => {
    const lease = await acquire({ leaseMs: 2000 });
    await redis.set(key, JSON.stringify({ holder: 'b', token: 'another', since: '' }));
    await aborted(lease.signal);
    expect(lease.signal.reason).toMatchObject({ name: 'SessionLeaseLost', message: /b's now/ });
    expect(() => lease.check()).toThrow(SessionLeaseLost);
    await lease.release();
    expect((await sessionHolder(redis, key))?.holder).toBe('b');
  });

  it('is taken again where Redis has forgotten it', async () => {
    const lease = await acquire();
    await redis.del(key);
    await vi.waitFor(async () => expect((await sessionHolder(redis, key))?.holder).toBe('a'));
    lease.check();
  });

  it.each([
    ['set back', -3_600_000, true],
    ['set forward', 3_600_000, false],
  ])('is not prolonged by a clock that is %s', async (_, byMs, holds) => {
    const lease = await acquire({ leaseMs: 60_000 });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + byMs });
    expect(lease.signal.aborted).toBe(false);
    if (holds) lease.check();
    else expect(() => lease.check()).toThrow(SessionLeaseLost);
    expect(lease.signal.aborted).toBe(!holds);
  });

  it('is not prolonged by the wall clock while the other goes on', async () => {
    const lease = await acquire({ leaseMs: 60_000 });
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 30_001);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    expect(() => lease.check()).toThrow(SessionLeaseLost);
    clock.mockRestore();
  });

  it('is noticed as lost by a process that wakes up, before anything else', async () => {
    const { child, lines } = startHolder(2000);
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(20), 20_000);
    expect(new Set(lines)).toEqual(new Set(['holds']));
    child.kill('SIGSTOP');
    const told = lines.length;
    const next = await acquire({ holder: 'b', leaseMs: 2000 });
    child.kill('SIGCONT');
    await once(child, 'exit');
    // What it had written before it was halted may come late; of what it did afterwards, this is the first.
    expect(lines.filter((line) => line !== 'holds')).toEqual(['lost']);
    expect(lines.length - told).toBeLessThan(5);
    next.check();
  });

  it('is taken over once it has run out, where its holder has died', async () => {
    const { child, lines } = startHolder(2000);
    await vi.waitFor(() => expect(lines).toContain('holds'), 20_000);
    child.kill('SIGKILL');
    const died = Date.now();
    const next = await acquire({ holder: 'b' });
    expect(Date.now() - died).toBeLessThan(3000);
    next.check();
  });

  describe('where Redis goes away', () => {
    const dir = mkdtempSync(join(tmpdir(), 'heavy-lease-'));
    let server: RedisServer;
    let own: Redis;

    beforeAll(async () => {
      server = await startRedis({ dir });
      own = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
      own.on('error', () => {});
    });
    afterAll(async () => {
      own.disconnect();
      await server.stop();
      rmSync(dir, { recursive: true });
    });

    it('outlives a restart', async () => {
      const lease = await acquire({ redis: own, leaseMs: 10_000 });
      await server.stop();
      await server.start();
      const renewed = Date.now();
      await vi.waitFor(() => expect(Date.now() - renewed).toBeGreaterThan(5500), 8000);
      lease.check();
      await lease.release();
    });

    it('is lost before it can have run out, and to be had again with Redis', async () => {
      const lease = await acquire({ redis: own, leaseMs: 2000 });
      await server.stop();
      const since = Date.now();
      await aborted(lease.signal);
      expect(Date.now() - since).toBeLessThan(1500);
      const again = acquire({ redis: own, leaseMs: 2000 });
      await Promise.all([lease.release(), server.start()]);
      (await again).check();
      expect((await sessionHolder(own, key))?.since).toBe((await again).since.toISOString());
    });
  });
});
