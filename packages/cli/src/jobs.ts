import { createJobQueue, type JobQueue, type QueuedJob } from '@heavy/downloads';
import { createLedger, type JobView } from '@heavy/media';
import type { Redis } from 'ioredis';
import { Failed } from './command.ts';
import { silent } from './silent.ts';
import { withRedis } from './system.ts';

/** A job of quartermaster's, with what the ledger has of it; null where nobody waits for it. */
export type Job = QueuedJob & { ledger: JobView | null };

/** What the jobs commands work on. */
export interface Jobs {
  readonly queue: JobQueue;
  /** The jobs whose hash begins so, the oldest first. */
  find(beginning?: string): Promise<Job[]>;
}

const jobsOn = (redis: Redis): Jobs => {
  const queue = createJobQueue(redis);
  const { look } = createLedger({ redis, holder: 'heavy', leaseMs: 1000, perHost: 1, log: silent });
  return {
    queue,
    find: async (beginning = '') => {
      const jobs = (await queue.list()).filter(({ hash }) => hash.startsWith(beginning));
      const found = await Promise.all(jobs.map(async (job) => ({ ...job, ledger: await look(job.hash) })));
      return found.sort((a, b) => a.addedAt.getTime() - b.addedAt.getTime());
    },
  };
};

/** Connects to the jobs of the system that the environment names or that runs in `folder`, for as long as `work` takes. */
export const withJobs = <T>(folder: string | undefined, work: (jobs: Jobs) => Promise<T>): Promise<T> =>
  withRedis(folder, async (redis) => {
    const jobs = jobsOn(redis);
    try {
      return await work(jobs);
    } finally {
      await jobs.queue.close();
    }
  });

/**
 * The one job whose hash begins so.
 * @throws {Failed}
 */
export const oneJob = async ({ find }: Jobs, beginning: string): Promise<Job> => {
  const [job, further] = await find(beginning);
  if (!job) throw new Failed(`There is no job whose hash begins with ${beginning}.`);
  if (further)
    throw new Failed(`More than one hash begins with ${beginning}: give more of the one that is meant.`);
  return job;
};
