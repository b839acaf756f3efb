import { redisKeys } from '@heavy/contracts';
import { connectionOf, type JobData } from '@heavy/downloads';
import type { Logger } from '@heavy/service';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { backoffStrategy } from './work-job.ts';

export interface WorkerOptions {
  redis: Redis;
  /** Works on a job; `stopping` aborts when the service stops. */
  work: (job: Job<JobData>, stopping: AbortSignal) => Promise<string>;
  /** Jobs at the same time. */
  atOnce: number;
  /** After that time without a sign of life a job is another's. */
  leaseMs: number;
  disk: { isEnough(): Promise<boolean> };
  /** Called after the line has moved, or cannot. */
  lineMoved: () => void;
  log: Logger;
  /** How often the disk is looked at, in milliseconds. */
  pollMs?: number;
}

/** Takes jobs from the queue whenever there is a free slot, and none while the disk is full. */
export const startWorker = (options: WorkerOptions) => {
  const { redis, work, atOnce, leaseMs, disk, lineMoved, log, pollMs = 1000 } = options;
  const stopping = new AbortController();
  const worker = new Worker<JobData, string>(
    redisKeys.jobs.queue,
    (job) => {
      lineMoved();
      return work(job, stopping.signal);
    },
    {
      ...connectionOf(redis),
      concurrency: atOnce,
      ...{ lockDuration: 2 * leaseMs, stalledInterval: leaseMs },
      // Deaths are counted by the ledger, which knows what to do about them.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      settings: { backoffStrategy },
    },
  );
  worker.on('error', (err) =>
    log.warn({ err }, 'the job queue cannot be reached, or a job was lost to another'),
  );
  worker.on('failed', (job, err) =>
    log.info({ hash: job?.id, reason: err.message }, 'an attempt at a job failed'),
  );

  let isStopping = false;
  const look = async (): Promise<void> => {
    const isEnough = await disk.isEnough();
    if (isStopping) return;
    if (!isEnough) {
      await worker.pause(true);
      lineMoved();
    } else if (worker.isPaused()) await worker.resume();
  };
  const lookOn = (): void =>
    void look()
      .catch((err: unknown) => log.warn({ err }, 'the disk cannot be looked at'))
      .finally(() => {
        if (!isStopping) timer = setTimeout(lookOn, pollMs);
      });
  let timer: NodeJS.Timeout | undefined;
  lookOn();

  return {
    /** Stands between a job that found the disk full and the next one. */
    pause: (): void => void worker.pause(true),
    /** Begins nothing more; what runs has `graceMs` to end, and then hands its jobs back. */
    stop: async (graceMs: number): Promise<void> => {
      isStopping = true;
      clearTimeout(timer);
      await worker.pause(true);
      const timeout = setTimeout(() => stopping.abort(new Error('quartermaster stops')), graceMs);
      await worker.close();
      clearTimeout(timeout);
    },
  };
};
