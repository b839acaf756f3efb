import { randomUUID } from 'node:crypto';
import {
  audioDownload,
  type DataOf,
  type Envelope,
  envelope,
  type MediaRequest,
  redisKeys,
  telegramRaw,
  videoDownload,
} from '@heavy/contracts';
import { createDownloadsStage, newOrigin } from '@heavy/downloads/testing';
import { contentHash } from '@heavy/media';
import { expect, onTestFinished, vi } from 'vitest';
import { downloadJob } from '../src/download-job.ts';
import { commandTyped } from '../src/handlers/command-typed.ts';
import { downloadRequested } from '../src/handlers/download-requested.ts';
import { createWorker } from '../src/worker.ts';

export { newOrigin, type Said, untilAborted } from '@heavy/downloads/testing';

const silent = () => undefined;

/** Runs a lease out as long as the first replica has it, which lives, and may renew it at any moment. */
const runOut = `
  if redis.call('HGET', KEYS[1], 'holder') ~= 'first' then return 1 end
  redis.call('ZADD', KEYS[2], 1, ARGV[1])
  return 0`;

/** media-pirate without its servers. */
export const createScene = async ({ slots = 2, leaseMs = 30_000, retryDelaysMs = [50, 50] } = {}) => {
  const stage = await createDownloadsStage({ db: 9, leaseMs });
  const { redis, log, broker, context } = stage;

  const startReplica = (holder: string) => {
    const deps = stage.depsOf(holder);
    const { ledger, answers } = deps;
    const config = {
      ...{ MAX_BYTES: 1000, MAX_DURATION_S: 100, SMALL_MAX_BYTES: 100 },
      ...{ PROGRESS_INTERVAL_MS: 1000, RETRY_DELAYS_MS: retryDelaysMs },
    };
    const run = downloadJob({ ...deps, broker, config });
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

  const first = startReplica('first');
  return {
    ...stage,
    ...{ startReplica, ...first },
    /** A second replica takes a job over, as if the first had died or been silent for longer than its lease. */
    takeOver: async (hash: string): Promise<void> => {
      const { job, leases } = redisKeys.ledger;
      startReplica('second');
      await vi.waitFor(
        async () => expect(await redis.eval(runOut, 2, job(hash), leases, hash)).toBe(1),
        5000,
      );
    },
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
