import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  audioDownload,
  type Contract,
  checkEnvelope,
  type DataOf,
  type Envelope,
  envelope,
  type MediaRequest,
  redisKeys,
  telegramRaw,
  videoDownload,
} from '@heavy/contracts';
import { createAnswers } from '@heavy/downloads';
import {
  contentHash,
  createAskedRecord,
  createDirectoryStore,
  createLedger,
  type Downloaded,
  type Downloader,
  type DownloadOrder,
} from '@heavy/media';
import type { Broker, HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, vi } from 'vitest';
import { downloadJob } from '../src/download-job.ts';
import { commandTyped } from '../src/handlers/command-typed.ts';
import { downloadRequested } from '../src/handlers/download-requested.ts';
import { createWorker } from '../src/worker.ts';

export interface Said {
  type: string;
  id: string | undefined;
  data: unknown;
}

let messages = 0;
/** The origin of a command that nobody typed before. */
export const newOrigin = (userId = 4) => {
  messages += 1;
  return { account: 1, chatId: -2, messageId: messages, userId };
};

const silent = () => undefined;

/** Runs a lease out as long as the first replica has it, which lives, and may renew it at any moment. */
const runOut = `
  if redis.call('HGET', KEYS[1], 'holder') ~= 'first' then return 1 end
  redis.call('ZADD', KEYS[2], 1, ARGV[1])
  return 0`;

/**
 * media-pirate without its servers: the ledger and the store are real, what it publishes is kept, and the test downloads.
 */
export const createScene = async ({ slots = 2, leaseMs = 30_000, retryDelaysMs = [50, 50] } = {}) => {
  const redis = new Redis(inject('redis').url, { db: 9 });
  const dir = await mkdtemp(join(tmpdir(), 'heavy-pirate-'));
  const lines: Record<string, unknown>[] = [];
  const line = (fields: Record<string, unknown>) => void lines.push(fields);
  const log = { ...{ debug: silent, info: line, warn: line, error: line } } as Partial<Logger> as Logger;
  const store = createDirectoryStore({ dir });
  const said: Said[] = [];
  const dead: unknown[] = [];
  /** What the broker does with a publication before it is confirmed. */
  const publishing = vi.fn<(contract: Contract) => Promise<void>>(async () => undefined);
  const broker: Pick<Broker, 'publish' | 'deadLetter'> = {
    publish: async (contract, data, how) => {
      checkEnvelope(envelope(contract, data, { source: 'test', correlationId: randomUUID() }));
      await publishing(contract as unknown as Contract);
      said.push({ type: contract.type, id: how?.id, data });
      return how?.id ?? randomUUID();
    },
    deadLetter: async (_, contract, data) => void dead.push({ type: contract.type, data }),
  };
  const path = join(dir, 'downloaded.mp4');
  await writeFile(path, 'film');
  const downloaded: Downloaded = {
    ...{ path, sizeBytes: 4, mime: 'video/mp4', extension: 'mp4', title: 'A film', durationS: 1 },
    ...{ width: 2, height: 2, extractor: 'Generic', mediaId: 'x', webpageUrl: 'https://x', sha256: 'ab' },
  };
  const downloader = {
    download: vi.fn<(order: DownloadOrder) => Promise<Downloaded>>(async () => downloaded),
    extractAudio: vi.fn<Downloader['extractAudio']>(async () => downloaded),
    discard: vi.fn<Downloader['discard']>(async () => undefined),
  };
  const context: HandlerContext = {
    publish: (of, data) => void said.push({ type: of.type, id: undefined, data }),
    publishNow: async () => undefined,
    signal: new AbortController().signal,
    attempt: 1,
  };

  const startReplica = (holder: string) => {
    const ledger = createLedger({ redis, holder, leaseMs, perHost: 100, log });
    const answers = createAnswers({ broker: broker as Broker, log });
    const asked = createAskedRecord(redis);
    const config = {
      ...{ MAX_BYTES: 1000, MAX_DURATION_S: 100, SMALL_MAX_BYTES: 100 },
      ...{ PROGRESS_INTERVAL_MS: 1000, RETRY_DELAYS_MS: retryDelaysMs },
    };
    const deps = { ledger, store, answers, asked, log };
    const run = downloadJob({
      ...deps,
      ...{ broker: broker as Broker, downloader: downloader as Partial<Downloader> as Downloader, config },
    });
    const mayBegin = async () => true;
    const worker = createWorker({ ledger, slots, run, mayBegin, lineMoved: silent, log, pollMs: 50 });
    const handlers = downloadRequested({ ...deps, worker });
    const typed = commandTyped({ redis, ledger, answers, log });
    onTestFinished(async () => {
      await worker.stop(0);
      await ledger.close();
    });
    const handlerOf = (event: Envelope) => {
      const handler = [...handlers, typed.handler].find(({ contract }) => contract.type === event.type);
      if (!handler) throw new Error(`no handler of ${event.type}`);
      return handler;
    };
    return {
      ...{ ledger, worker },
      handle: (event: Envelope, attempt = 1) => handlerOf(event).run(event, { ...context, attempt }),
      /** After the last attempt at a message. */
      giveUp: async (event: Envelope) =>
        handlerOf(event).exhausted?.(event, { ...context, error: new Error('given up') }),
    };
  };

  // Before what the replicas end, since finishers run in reverse.
  onTestFinished(async () => {
    await redis.flushdb();
    redis.disconnect();
    await rm(dir, { recursive: true, force: true });
  });
  await redis.flushdb();
  const first = startReplica('first');
  return {
    ...{ redis, store, said, dead, publishing, downloader, downloaded, lines, startReplica, ...first },
    /** A second replica takes a job over, as if the first had died or been silent for longer than its lease. */
    takeOver: async (hash: string): Promise<void> => {
      const { job, leases } = redisKeys.ledger;
      startReplica('second');
      await vi.waitFor(
        async () => expect(await redis.eval(runOut, 2, job(hash), leases, hash)).toBe(1),
        5000,
      );
    },
    /** What was said of that type. */
    ofType: (type: string) => said.filter((one) => one.type === type),
  };
};

/** The command of somebody who asks. */
export const asks = (request: MediaRequest, origin = newOrigin()) =>
  envelope(
    request.kind === 'video' ? videoDownload : audioDownload,
    { request, origin, contentHash: contentHash(request) },
    { source: 'test', correlationId: randomUUID() },
  );

/** A message with a command word. */
export const types = (
  word: string,
  text: string,
  more: Partial<DataOf<typeof telegramRaw>> = {},
  origin = newOrigin(),
) =>
  envelope(
    telegramRaw,
    {
      account: origin.account,
      chat: { id: origin.chatId, type: 'supergroup' },
      message: { id: origin.messageId, text, entities: [], date: 0, outgoing: false },
      sender: { id: origin.userId },
      command: { word },
      auth: { role: 'unmolested', rateLimited: false },
      receivedAt: '2026-01-01T00:00:00.000Z',
      dispatchMs: 0,
      ...more,
    },
    { source: 'test', correlationId: randomUUID() },
  );
