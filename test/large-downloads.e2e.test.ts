import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisKeys } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { contentHash } from '@heavy/media';
import { type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    dir,
    services: ['gateway', 'media-pirate', 'quartermaster', 'sender'],
    replicas: { quartermaster: 2 },
    serviceEnv: {
      'media-pirate': { SMALL_MAX_BYTES: '3000000', SOCKET_TIMEOUT_S: '3', PROGRESS_INTERVAL_MS: '300' },
      quartermaster: {
        ...{ SOCKET_TIMEOUT_S: '1', LEASE_MS: '3000', SHUTDOWN_GRACE_MS: '4000' },
        ...{ JOB_RETRY_DELAY_MS: '1000', PROGRESS_INTERVAL_MS: '300', RECONCILE_INTERVAL_MS: '1000' },
      },
      sender: { STATUS_INTERVAL_MS: '300' },
    },
  });
  stage = await createStage(stack);
  redis = new Redis(stack.redis.url);
}, 300_000);

afterAll(async () => {
  redis?.disconnect();
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

const heldAtBytes = 6_000_000;
let takes = 0;
/** A file that is too large for media-pirate, and was not asked for before. */
const largeFile = (): string => {
  takes += 1;
  return `${stack.site.url}/padded.mp4?mb=8&take=${takes}`;
};
const hold = (): void => void stack.site.hold('/padded.mp4', heldAtBytes);
const release = () => stack.site.release('/padded.mp4');

const says = (text: string, by = 'alice', more: { replyTo?: WorldMessage } = {}) =>
  stack.world.user(by).in(stack.chats[0]!).says(text, more);
const comes = async (command: WorldMessage): Promise<void> =>
  expect((await stage.onlyAnswer(command)).media).toMatchObject({ kind: 'video', mime: 'video/mp4' });
const holderOf = (url: string) =>
  redis.hget(redisKeys.ledger.job(contentHash({ url, kind: 'video' })), 'holder');
/** Bytes that lie in the folders of the jobs: one at a time in these tests. */
const bytesFetched = async (): Promise<number> => {
  const folder = stack.env('quartermaster')['JOBS_DIR'] ?? '';
  const names = await readdir(folder, { recursive: true });
  const sizes = await Promise.all(
    names.filter((name) => name.includes('/source/')).map((name) => stat(join(folder, name))),
  );
  return sizes.reduce((sum, { size }) => sum + size, 0);
};
/** Waits until a quartermaster has fetched some of it, and the site has stopped there; says which. */
const isHeld = (url: string): Promise<string> =>
  vi.waitFor(async () => {
    const holder = (await holderOf(url)) ?? '';
    expect(holder).toMatch(/^quartermaster/u);
    expect(await bytesFetched()).toBeGreaterThan(heldAtBytes / 2);
    expect(stage.requestsFor(url).at(-1)).toMatchObject({ state: 'sending' });
    return holder;
  }, 120_000);
const quartermasters = () => stack.services.filter(({ name }) => name.startsWith('quartermaster'));

describe('a download that is too large for media-pirate', { timeout: 240_000 }, () => {
  it('comes to everybody who asked, but to nobody who cancelled', async () => {
    const url = largeFile();
    hold();
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((who) => says(`.vdl ${url}`, who));
    await isHeld(url);
    await stage.status(alice!, /^… downloading .* of 8\.0 MB/u);
    const cancelled = says('.cancel', 'carol', { replyTo: carol! });
    expect((await stage.answer(cancelled)).text).toMatch(/^Done/u);
    release();
    await comes(alice!);
    await comes(bob!);
    expect((await stage.onlyAnswer(carol!)).text).toMatch(/^Cancelled/u);
    await stage.isInOrder();
  });

  it('is gone on with by another replica where one is killed, and never by two', async () => {
    const url = largeFile();
    hold();
    const command = says(`.vdl ${url}`);
    const holder = await isHeld(url);
    await stack.service(holder).kill();
    const other = await vi.waitFor(async () => {
      const next = await holderOf(url);
      expect(next).toMatch(/^quartermaster/u);
      expect(next).not.toBe(holder);
      return next!;
    }, 60_000);
    expect(quartermasters().map(({ name }) => name)).toContain(other);
    await vi.waitFor(() =>
      expect(stage.requestsFor(url).filter(({ state }) => state === 'sending')).toHaveLength(1),
    );
    release();
    await comes(command);
    await stack.service(holder).start();
    // What was fetched before the kill was not fetched again.
    expect(stage.requestsFor(url).map(({ range }) => range)).toContainEqual(
      expect.stringMatching(/^bytes=[1-9]\d{5,}-/u),
    );
    await stage.isInOrder();
  });

  it('outlives a stop of everybody who serves it, and the loss of all that BullMQ has', async () => {
    const url = largeFile();
    hold();
    const command = says(`.vdl ${url}`);
    await isHeld(url);
    await Promise.all(quartermasters().map((service) => service.stop()));
    expect(await redis.hget(redisKeys.ledger.job(contentHash({ url, kind: 'video' })), 'state')).toBe(
      'handed_on',
    );
    const { prefix, queue } = redisKeys.jobs;
    await redis.del(...(await redis.keys(`${prefix}:${queue}:*`)));
    release();
    await Promise.all(quartermasters().map((service) => service.start()));
    await comes(command);
    await stage.isInOrder();
  });
});

describe('a source that falls silent', { timeout: 240_000 }, () => {
  it('is tried again until it answers, and the status says so', async () => {
    void stack.site.hold('/clip.mp4');
    const command = says(`.vdl ${stack.site.url}/clip.mp4?silent`);
    await stage.status(command, /^… that did not work yet; trying again in/u);
    stack.site.release('/clip.mp4');
    await comes(command);
    await stage.isInOrder();
  });
});
