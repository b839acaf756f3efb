import { randomUUID } from 'node:crypto';
import {
  deterministicId,
  type Envelope,
  envelope,
  largeDownload,
  type MediaRequest,
  redisKeys,
} from '@heavy/contracts';
import { createJobQueue } from '@heavy/downloads';
import { createDownloadsStage, newOrigin } from '@heavy/downloads/testing';
import { contentHash } from '@heavy/media';
import { expect, onTestFinished, vi } from 'vitest';
import { largeDownloadAsked } from '../src/handlers/large-download-asked.ts';
import { reconcile } from '../src/reconcile.ts';
import { type WorkJobDeps, workJob } from '../src/work-job.ts';
import { startWorker } from '../src/worker.ts';

export { newOrigin, untilAborted } from '@heavy/downloads/testing';

const silent = () => undefined;

const settings = {
  ...{ JOB_ATTEMPTS: 4, JOB_RETRY_DELAY_MS: 20, JOB_RETRY_MAX_DELAY_MS: 40, JOB_PATIENCE_MS: 3_600_000 },
  ...{ YTDLP_CHECK_INTERVAL_MS: 20, PROGRESS_INTERVAL_MS: 1000, RETRY_DELAYS_MS: [20, 20] },
};

export interface SceneOptions {
  atOnce?: number;
  leaseMs?: number;
  config?: Partial<typeof settings>;
}

/** quartermaster without its servers, but for BullMQ on a real Redis; the test is media-pirate. */
export const createScene = async ({ atOnce = 2, leaseMs = 30_000, config = {} }: SceneOptions = {}) => {
  const stage = await createDownloadsStage({ db: 10, leaseMs });
  const { redis, log, context } = stage;
  const small = stage.depsOf('media-pirate').ledger;
  const disk = { isEnough: vi.fn<() => Promise<boolean>>(async () => true) };

  const startReplica = (holder: string) => {
    const deps = stage.depsOf(holder);
    const jobs = createJobQueue(redis);
    const all = { ...settings, ...config } as Partial<WorkJobDeps['config']> as WorkJobDeps['config'];
    const work = workJob({ ...deps, disk, config: all, diskIsFull: () => worker.pause() });
    const worker = startWorker({
      ...{ redis, work, disk, log, atOnce, leaseMs },
      lineMoved: silent,
      pollMs: 20,
    });
    let stopped: Promise<void> | undefined;
    const stop = (graceMs: number): Promise<void> => {
      stopped ??= worker.stop(graceMs);
      return stopped;
    };
    onTestFinished(async () => {
      await stop(0);
      await deps.ledger.close();
      await jobs.close();
    });
    const handler = largeDownloadAsked({ jobs, lineMoved: silent, log });
    return {
      ...{ ledger: deps.ledger, jobs, stop },
      handle: (event: Envelope) => handler.run(event, context),
      reconcile: () => reconcile({ ledger: deps.ledger, jobs, log }),
    };
  };

  /** What media-pirate does: somebody asks, it looks, and hands on. The second and further ones join. */
  const handOn = async (request: MediaRequest, origins = [newOrigin()]): Promise<Envelope> => {
    const hash = contentHash(request);
    const events = origins.map((origin) => ({
      ...{ origin, commandId: randomUUID(), correlationId: randomUUID(), url: request.url },
      traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    }));
    const [first, ...others] = events;
    if (!first) throw new Error('nobody asks');
    const { lease } = await small.join({ hash, request, asker: first, lead: true });
    if (!lease) throw new Error('not led');
    for (const asker of others) await small.join({ hash, request, asker, lead: false });
    await lease.handOn();
    return envelope(
      largeDownload,
      { request, origin: first.origin, contentHash: hash, reason: 'too_large', probe: { sizeBytes: 3e9 } },
      {
        ...{ source: 'test', correlationId: first.correlationId },
        id: deterministicId(hash, largeDownload.type, lease.place),
      },
    );
  };

  const first = startReplica('first');
  onTestFinished(() => small.close());
  const stateOf = async (request: MediaRequest): Promise<string> => {
    const job = await first.jobs.queue.getJob(contentHash(request));
    return job ? await job.getState() : 'none';
  };
  return {
    ...stage,
    ...{ disk, small, startReplica, handOn, stateOf, ...first },
    /** What was said of that type, once it was said so often. */
    said: (type: string, times = 1) =>
      vi.waitFor(() => {
        expect(stage.ofType(type)).toHaveLength(times);
        return stage.ofType(type);
      }),
    /** Waits until the job is in that state; `none` where there is none. */
    until: (request: MediaRequest, state: string) =>
      vi.waitFor(async () => expect(await stateOf(request)).toBe(state)),
    /** Loses all that BullMQ has. */
    loseJobs: async (): Promise<void> => {
      const { prefix, queue } = redisKeys.jobs;
      const keys = await redis.keys(`${prefix}:${queue}:*`);
      if (keys.length > 0) await redis.del(keys);
    },
  };
};
