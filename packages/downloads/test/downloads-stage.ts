import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contract, checkEnvelope, envelope } from '@heavy/contracts';
import {
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
import { inject, onTestFinished, vi } from 'vitest';
import { createAnswers } from '../src/index.ts';

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

/** Rejects when the download is given up, as a real one does. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });

const silent = () => undefined;

/**
 * What a service that downloads stands on, without its servers: the ledger and the store are real, what it publishes is kept,
 * and the test downloads. The database is emptied before and after.
 */
export const createDownloadsStage = async ({ db, leaseMs }: { db: number; leaseMs: number }) => {
  const redis = new Redis(inject('redis').url, { db, maxRetriesPerRequest: null });
  const dir = await mkdtemp(join(tmpdir(), 'heavy-downloads-'));
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
    version: vi.fn<Downloader['version']>(async () => '2026.01.01'),
  };
  const context: HandlerContext = {
    publish: (of, data) => void said.push({ type: of.type, id: undefined, data }),
    publishNow: async () => undefined,
    signal: new AbortController().signal,
    attempt: 1,
  };
  // Before what is made on this stage, since finishers run in reverse.
  onTestFinished(async () => {
    await redis.flushdb();
    redis.disconnect();
    await rm(dir, { recursive: true, force: true });
  });
  await redis.flushdb();
  return {
    ...{ redis, log, lines, store, said, dead, publishing, downloader, downloaded, context },
    broker: broker as Broker,
    /** What each replica has of its own, and what they share. */
    depsOf: (holder: string) => ({
      ledger: createLedger({ redis, holder, leaseMs, perHost: 100, log }),
      downloader: downloader as Partial<Downloader> as Downloader,
      answers: createAnswers({ broker: broker as Broker, log }),
      asked: createAskedRecord(redis),
      ...{ store, log },
    }),
    /** What was said of that type. */
    ofType: (type: string) => said.filter((one) => one.type === type),
  };
};
