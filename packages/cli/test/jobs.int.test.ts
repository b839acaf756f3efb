import { largeDownload, type MediaRequest } from '@heavy/contracts';
import { createJobQueue, type JobData } from '@heavy/downloads';
import { contentHash, createLedger } from '@heavy/media';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runCli } from '../src/cli.ts';

const redisUrl = `${inject('redis').url}/14`;
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent };
const ledger = createLedger({ redis, holder: 'test', leaseMs: 60_000, perHost: 9, log });
const jobs = createJobQueue(redis);

beforeEach(async () => {
  await redis.flushdb();
});
afterAll(async () => {
  await jobs.close();
  await ledger.close();
  await redis.quit();
});

const heavy = async (...args: string[]) => {
  vi.stubEnv('REDIS_URL', redisUrl);
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    out: (line) => {
      out += `${line}\n`;
    },
    err: (line) => {
      err += `${line}\n`;
    },
    ask: undefined,
    signal: new AbortController().signal,
  }).finally(() => vi.unstubAllEnvs());
  return { out, err, code };
};

/** A large download that somebody waits for, `delayMs` before its next attempt. */
const job = async (name: string, { delayMs, brokenWith }: { delayMs?: number; brokenWith?: string } = {}) => {
  const request: MediaRequest = { url: `https://example.com/${name}`, kind: 'video' };
  const hash = contentHash(request);
  const origin = { account: 1, chatId: -5, messageId: 1, userId: 7 };
  const asker = {
    origin,
    commandId: name,
    correlationId: `leader-${name}`,
    traceparent: '',
    url: request.url,
  };
  const { lease } = await ledger.join({ hash, request, asker, lead: true });
  await lease?.handOn();
  const data: JobData = {
    ...{ request, origin, contentHash: hash, leader: asker.correlationId, commandId: largeDownload.type },
    ...{ faults: 0, reason: 'too_large', ...(brokenWith === undefined ? {} : { brokenWith }) },
  };
  if (delayMs === undefined) await jobs.add(data);
  else await jobs.queue.add('video', data, { jobId: hash, delay: delayMs });
  return hash;
};

describe('heavy jobs', () => {
  it('lists what there is', async () => {
    const hash = await job('film');
    const { out, err, code } = await heavy('jobs', 'list');
    expect(code).toBe(0);
    const [heading = '', line = ''] = out.split('\n');
    expect(heading).toMatch(
      /^hash +state +since +failures +next attempt +fetched +askers +last error +source$/,
    );
    expect(line).toMatch(
      new RegExp(`^${hash.slice(0, 12)}  queued +\\d{4}-.* 0 .* 1 +https://example.com/film$`),
    );
    expect(err).toBe('1 job\n');
  });

  it('says when there are none', async () => {
    expect(await heavy('jobs', 'list')).toEqual({ out: '', err: 'There are no jobs.\n', code: 0 });
  });

  it('shows one, with what the ledger has of it', async () => {
    const hash = await job('film');
    const taken = await ledger.takeHandedOn(hash);
    if (taken.kind !== 'taken') throw new Error(taken.kind);
    await taken.lease.report({ phase: 'downloading', bytes: 2e6, totalBytes: 4e6, bytesPerSecond: 1e6 });
    const { out } = await heavy('jobs', 'show', hash.slice(0, 6));
    expect(out).toMatch(/^progress +downloading 2\.0 MB of 4\.0 MB at 1\.0 MB\/s$/m);
    expect(out).toMatch(/^worker +test$/m);
    expect(out).toMatch(/^waiting +1 asker$/m);
    await taken.lease.release();
  });

  it('has the next attempt made now, also of one that waits for another yt-dlp', async () => {
    const hash = await job('film', { delayMs: 3_600_000, brokenWith: '2026.01.01' });
    const [listed] = await jobs.list();
    expect(listed?.nextAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    expect((await heavy('jobs', 'retry', hash)).code).toBe(0);
    expect(await jobs.list()).toMatchObject([{ state: 'queued' }]);
    expect((await jobs.queue.getJob(hash))?.data).not.toHaveProperty('brokenWith');
    expect((await heavy('jobs', 'retry', hash)).err).toMatch(
      /does not wait for another attempt: it is queued/,
    );
  });

  it('pauses and resumes for all replicas', async () => {
    expect((await heavy('jobs', 'pause')).code).toBe(0);
    expect(await jobs.isPaused()).toBe(true);
    expect((await heavy('jobs', 'list')).err).toMatch(/Paused/);
    expect((await heavy('jobs', 'resume')).code).toBe(0);
    expect(await jobs.isPaused()).toBe(false);
  });

  it('says what is not there', async () => {
    const { err, code } = await heavy('jobs', 'show', 'abcdef');
    expect([code, err]).toEqual([1, 'There is no job whose hash begins with abcdef.\n']);
  });
});
