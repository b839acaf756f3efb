import type { FailureCode } from '@heavy/contracts';
import {
  type JobData,
  type LeaseWorkDeps,
  leaseWork,
  type ProgressStep,
  retryPriority,
} from '@heavy/downloads';
import { Abandoned, type DownloadFailed, type Lease, LeaseLost, type LedgerOutcome } from '@heavy/media';
import { runInContext, summarizeError } from '@heavy/messaging';
import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { afterFailure } from './after-failure.ts';
import type { QuartermasterConfig } from './config.ts';

export interface WorkJobDeps extends LeaseWorkDeps {
  config: QuartermasterConfig & { RETRY_DELAYS_MS: readonly number[] };
  disk: { isEnough(): Promise<boolean> };
  /** Called where a job is not begun for want of space. */
  diskIsFull: () => void;
}

/** An attempt failed, and there is another one later. */
class TryAgain extends Error {
  override readonly name = 'TryAgain';
  readonly delayMs: number;
  readonly step: ProgressStep;
  /** False for what is only put off. */
  readonly countsAsAttempt: boolean;

  constructor(
    reason: FailureCode,
    delayMs: number,
    how: { step?: ProgressStep; countsAsAttempt?: boolean; cause?: unknown } = {},
  ) {
    super(reason, { cause: how.cause });
    this.delayMs = delayMs;
    this.step = how.step ?? { phase: 'waiting', retryInS: Math.ceil(delayMs / 1000) };
    this.countsAsAttempt = how.countsAsAttempt ?? true;
  }
}

/** Where nothing says how long: what goes wrong between the ledger and BullMQ themselves. */
const defaultDelayMs = 5000;

/** For BullMQ, before an attempt that follows on a failed one. */
export const backoffStrategy = (_attempts: number, _type?: string, error?: Error): number =>
  error instanceof TryAgain ? error.delayMs : defaultDelayMs;

/** How long a job that finds no room at its host, or somebody else at work, is put off at most. */
const longestPauseMs = 5000;
/** So many askers of a job hear that it waits. */
const audience = 20;

/** Works on a job of the queue: takes the lease, downloads, stores, and answers everybody who waits. */
export const workJob = (deps: WorkJobDeps) => {
  const { ledger, downloader, disk, answers, log, config } = deps;

  /** Back to the timetable, without an attempt less. */
  const putOff = async (job: Job<JobData>, delayMs: number): Promise<never> => {
    await job.moveToDelayed(Date.now() + delayMs, job.token);
    throw new DelayedError();
  };

  const tell = async (lease: Lease, step: ProgressStep): Promise<void> => {
    for (const asker of (await lease.askers()).slice(0, audience)) answers.progress(asker, step);
  };

  /** After a fault of ours, or of the disk. */
  const afterFault = async (job: Job<JobData>, cause: unknown): Promise<TryAgain | null> => {
    if (!(await disk.isEnough())) {
      const step = { phase: 'queued', waitingFor: 'disk' } as const;
      return new TryAgain('internal', longestPauseMs, { cause, countsAsAttempt: false, step });
    }
    const { faults } = job.data;
    const delayMs = config.RETRY_DELAYS_MS[faults];
    if (delayMs === undefined) return null;
    await job.updateData({ ...job.data, faults: faults + 1 });
    return new TryAgain('internal', delayMs, { cause });
  };

  /** The lease back to the ledger and the job back to the timetable, in this order: before, nobody could take it. */
  const later = async (job: Job<JobData>, lease: Lease, again: TryAgain): Promise<never> => {
    const { delayMs, step, message: reason, cause, countsAsAttempt } = again;
    log.warn({ step: 'trying_again', reason, delayMs, err: cause, hash: lease.hash }, 'a job waits');
    await tell(lease, step);
    // Who joins meanwhile would be told a time that is over.
    const { retryInS: _, ...kept } = step;
    await lease.handOn(kept);
    await job.changePriority({ priority: retryPriority });
    if (!countsAsAttempt) return putOff(job, delayMs);
    throw again;
  };

  const giveUp = async ({ hash, deaths }: Lease, error: unknown): Promise<LedgerOutcome> => {
    log.error({ err: error, hash, deaths }, 'a job is given up');
    return { failure: { code: 'internal', context: {} } };
  };

  const workOn = async (
    job: Job<JobData>,
    { lease, handedOnAt }: { lease: Lease; handedOnAt: number },
    stopping: AbortSignal,
  ): Promise<string> => {
    const failed = async (_: Lease, error: DownloadFailed): Promise<LedgerOutcome> => {
      const { code, context } = error;
      const failures = 1 + job.attemptsMade - job.data.faults;
      const next = afterFailure({ code, context, failures, ageMs: Date.now() - handedOnAt }, config);
      log.info({ code, url: lease.request.url, failures, err: error.cause }, 'download failed');
      if (!next) return { failure: { code, context } };
      if (next.after === 'source') throw new TryAgain(code, next.delayMs, { cause: error });
      await job.updateData({ ...job.data, brokenWith: await downloader.version() });
      const step = { phase: 'waiting', waitingFor: 'update' } as const;
      throw new TryAgain(code, next.delayMs, { step, countsAsAttempt: false });
    };
    const { run, end, discard } = leaseWork(deps, { failed, giveUp });
    /** @throws UnrecoverableError for a failure: the job is kept, for whoever looks into it. */
    const over = (reached: LedgerOutcome | 'elsewhere'): string => {
      if (reached === 'elsewhere') return reached;
      if ('failure' in reached) throw new UnrecoverableError(reached.failure.code);
      return reached.object.key;
    };
    try {
      return over(await run(lease, stopping));
    } catch (error) {
      if (error instanceof UnrecoverableError) throw error;
      if (error instanceof LeaseLost || error instanceof Abandoned) {
        log.info({ hash: lease.hash, reason: error.name }, 'the job is not ours any more');
        await discard(lease);
        return putOff(job, 0);
      }
      if (stopping.aborted) {
        // The partial file stays: whoever goes on continues from it where it can.
        await lease.release();
        return putOff(job, 0);
      }
      if (lease.outcome) {
        // It has to be said, however often that is tried.
        log.error({ err: error, hash: lease.hash }, 'an outcome could not be told to everybody');
        await lease.release();
        return putOff(job, config.RETRY_DELAYS_MS.at(-1) ?? defaultDelayMs);
      }
      const again = error instanceof TryAgain ? error : await afterFault(job, error);
      if (again) return later(job, lease, again);
      await end(lease, await giveUp(lease, error));
      throw new UnrecoverableError(summarizeError(error));
    }
  };

  const work = async (job: Job<JobData>, stopping: AbortSignal): Promise<string> => {
    const { contentHash, brokenWith } = job.data;
    if (stopping.aborted) return putOff(job, 0);
    if (!(await disk.isEnough())) {
      deps.diskIsFull();
      return putOff(job, longestPauseMs);
    }
    if (brokenWith !== undefined && brokenWith === (await downloader.version()))
      return putOff(job, config.YTDLP_CHECK_INTERVAL_MS);
    const taken = await ledger.takeHandedOn(contentHash);
    switch (taken.kind) {
      case 'taken':
        return workOn(job, taken, stopping);
      case 'held':
        return putOff(job, Math.min(taken.forMs, longestPauseMs));
      case 'full':
        return putOff(job, longestPauseMs);
      case 'gone':
        log.info({ hash: contentHash }, 'nobody waits for the job any more');
        return 'gone';
    }
  };

  return (job: Job<JobData>, stopping: AbortSignal): Promise<string> =>
    runInContext({ correlationId: job.data.leader }, () => work(job, stopping));
};
