import { type DataOf, type largeDownload, redisKeys } from '@heavy/contracts';
import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** What BullMQ keeps of a job; who waits for it is in the ledger alone. */
export interface JobData extends Pick<DataOf<typeof largeDownload>, 'request' | 'origin' | 'contentHash'> {
  /** The correlation id of whoever asked first. */
  leader: string;
  /** The command that handed it on: what is handed on under the same hash by another one is asked for anew. */
  commandId: string;
  /** Why it was handed on, and what was known of it; not of one that was found in the ledger. */
  reason?: DataOf<typeof largeDownload>['reason'];
  probe?: DataOf<typeof largeDownload>['probe'];
  /** How many of its attempts ended with a fault of ours. */
  faults: number;
  /** The yt-dlp that could not read the site. */
  brokenWith?: string;
}

/** A job as somebody sees it who only looks. */
export interface QueuedJob extends Pick<JobData, 'leader' | 'reason'> {
  hash: string;
  state: 'queued' | 'active' | 'delayed' | 'failed';
  url: string;
  addedAt: Date;
  /** Attempts that failed. */
  failures: number;
  /** Of a delayed one. */
  nextAt?: Date;
  /** What the last failure was. */
  error?: string;
}

const states = {
  wait: 'queued',
  prioritized: 'queued',
  active: 'active',
  delayed: 'delayed',
  failed: 'failed',
} as const;
/** BullMQ's scores of delayed jobs are so many times the time at which they are due. */
const delayedScale = 0x1000;

/** `busy`: what was asked for before under that hash is just ending. */
export type Added = 'added' | 'joined' | 'busy';

const weekS = 7 * 24 * 3600;
/** Failed jobs are kept for whoever looks into them. */
const failedKept = { age: 30 * 24 * 3600, count: 1000 };
/** Behind everybody who waits for the first time. */
export const retryPriority = 1_000_000;

export const connectionOf = (redis: Redis) => ({
  connection: redis,
  prefix: redisKeys.jobs.prefix,
});

/** The timetable: when which job is tried next. Its ids are content hashes. */
export const createJobQueue = (redis: Redis) => {
  const queue = new Queue<JobData, string>(redisKeys.jobs.queue, connectionOf(redis));

  /**
   * One more than the jobs that are in line already for whoever asked first: of several people with many jobs each is served in
   * turn.
   */
  const priorityOf = async ({ origin, contentHash }: JobData): Promise<number> => {
    const own = redisKeys.jobsOf(origin);
    await redis.multi().sadd(own, contentHash).expire(own, weekS).exec();
    const inLine = await redis.zintercard(2, queue.toKey('prioritized'), own);
    return Math.min(1 + inLine, retryPriority - 1);
  };

  return {
    queue,
    /** Adds a job, durably when this resolves. The same command again joins it, as does everybody while it is in line. */
    add: async (data: JobData): Promise<Added> => {
      const known = (await queue.getJob(data.contentHash)) as Job<JobData> | undefined;
      if (known) {
        const state = await known.getState();
        const isInLine = state !== 'failed' && state !== 'unknown';
        if (isInLine && known.data.commandId === data.commandId) return 'joined';
        if (state === 'active') return 'busy';
        // What it was for is over, in words or by withdrawal.
        await known.remove();
      }
      await queue.add(data.request.kind, data, {
        jobId: data.contentHash,
        priority: await priorityOf(data),
        // When a job is given up is said by what it fails with.
        attempts: Number.MAX_SAFE_INTEGER,
        backoff: { type: 'custom' },
        stackTraceLimit: 1,
        removeOnComplete: true,
        removeOnFail: failedKept,
      });
      return 'added';
    },
    /** The first of those that wait, in order. */
    line: async (limit: number): Promise<{ hash: string; position: number }[]> => {
      const { wait, prioritized } = { wait: queue.toKey('wait'), prioritized: queue.toKey('prioritized') };
      const [first, then] = await Promise.all([
        redis.lrange(wait, -limit, -1),
        redis.zrange(prioritized, 0, String(limit - 1)),
      ]);
      // A list of BullMQ is served from its end.
      return [...first.reverse(), ...then]
        .slice(0, limit)
        .map((hash, index) => ({ hash, position: index + 1 }));
    },
    /** All jobs, failed ones included. */
    list: async (): Promise<QueuedJob[]> => {
      const found: QueuedJob[] = [];
      for (const [name, state] of Object.entries(states)) {
        const jobs = await queue.getJobs([name as keyof typeof states]);
        // One that ends meanwhile is left out.
        for (const job of jobs as (Job<JobData> | undefined)[]) {
          if (job?.id === undefined) continue;
          const { leader, reason, request } = job.data;
          const due = state === 'delayed' ? await redis.zscore(queue.toKey('delayed'), job.id) : null;
          found.push({
            ...{ hash: job.id, state, url: request.url, leader, failures: job.attemptsMade },
            addedAt: new Date(job.timestamp),
            ...(due === null ? {} : { nextAt: new Date(Number(due) / delayedScale) }),
            ...(job.failedReason ? { error: job.failedReason } : {}),
            ...(reason === undefined ? {} : { reason }),
          });
        }
      }
      return found;
    },
    /** Has a delayed job tried now. One that waits for another yt-dlp is tried with the present one. */
    tryNow: async (hash: string): Promise<void> => {
      const job = (await queue.getJob(hash)) as Job<JobData> | undefined;
      if (!job) return;
      const { brokenWith: _, ...data } = job.data;
      await job.updateData(data);
      await job.promote();
    },
    /** No job is begun, by any replica, until `resume`. */
    pause: () => queue.pause(),
    resume: () => queue.resume(),
    isPaused: () => queue.isPaused(),
    /** Those that are in line or to be tried again, in no order. */
    waiting: async (): Promise<string[]> => {
      const found = (await queue.getJobs(['wait', 'prioritized', 'delayed'])) as (Job<JobData> | undefined)[];
      return found.flatMap((job) => job?.id ?? []);
    },
    /** Removes a job, unless it is being worked on. */
    remove: async (hash: string): Promise<void> => {
      await queue.remove(hash);
    },
    counts: () => queue.getJobCounts('active', 'wait', 'prioritized', 'delayed', 'failed'),
    close: () => queue.close(),
  };
};

export type JobQueue = ReturnType<typeof createJobQueue>;
