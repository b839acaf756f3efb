import {
  type AskedRecord,
  type Downloader,
  DownloadFailed,
  type Lease,
  type Ledger,
  type LedgerOutcome,
  type MediaStore,
} from '@heavy/media';
import type { Logger } from '@heavy/service';
import type { Answers } from './answers.ts';
import { obtainMedia } from './obtain-media.ts';
import { Superseded } from './settle-identity.ts';
import { findMedia } from './stored-media.ts';

export interface LeaseWorkDeps {
  ledger: Ledger;
  downloader: Downloader;
  store: MediaStore;
  answers: Answers;
  asked: AskedRecord;
  log: Logger;
  config: { PROGRESS_INTERVAL_MS: number };
  /** Whether a download goes on for as long as its source sends anything at all; else it fails soon. */
  persistent?: boolean;
}

/** An outcome, or that those who wait are answered by somebody else's. */
export type Reached = LedgerOutcome | 'elsewhere';

export interface LeaseWorkRules {
  /** What a failure comes to that a person can be told; what it throws, `run` throws. */
  failed(lease: Lease, error: DownloadFailed): Promise<Reached>;
  /** What a job comes to for which nothing more is tried. */
  giveUp(lease: Lease, error: unknown): Promise<LedgerOutcome>;
}

/** A job over which so many workers died is given up: it may be what kills them. */
const mostDeaths = 10;

/** How a lease of the ledger is worked out, whoever has it: download, store, and answer everybody who waits. */
export const leaseWork = (deps: LeaseWorkDeps, { failed, giveUp }: LeaseWorkRules) => {
  const { downloader, store, answers, asked, log } = deps;
  const obtain = obtainMedia(deps);

  /** Removes the job's folder. One that stays is swept later; nobody is kept waiting for it. */
  const discard = async ({ hash, token }: Lease): Promise<void> => {
    try {
      await downloader.discard(hash, String(token));
    } catch (err) {
      log.warn({ err, hash }, 'the job folder cannot be removed');
    }
  };

  const workOut = async (lease: Lease, stopping: AbortSignal): Promise<Reached> => {
    if (lease.deaths >= mostDeaths) return giveUp(lease, new Error(`${lease.deaths} workers died over it`));
    try {
      // The process before this one may have died between storing and saying so.
      return (await findMedia(store, lease.request, lease.hash)) ?? (await obtain(lease, stopping));
    } catch (error) {
      const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
      if (reason instanceof Superseded) return reason.stored ?? 'elsewhere';
      if (reason instanceof DownloadFailed && reason.code !== 'internal' && !stopping.aborted)
        return failed(lease, reason);
      throw reason;
    }
  };

  /** Says the outcome to everybody who waits, also to those who come while it is being said. */
  const answerAll = async (lease: Lease, outcome: LedgerOutcome): Promise<void> => {
    // Before it is sent anywhere: what was asked for lately is not deleted.
    if ('object' in outcome) await asked.asked(outcome.object.key, (await lease.askers()).length);
    const answered = await lease.drain(async (asker) => {
      if ('failure' in outcome)
        answers.inContextOf(asker, () => log.info({ step: 'failed', code: outcome.failure.code }, 'not had'));
      await answers.end(asker, lease.request.kind, outcome);
    });
    log.info({ hash: lease.hash, answered }, 'everybody who waited is answered');
  };

  /** Ends the job with that. */
  const end = async (lease: Lease, reached: Reached): Promise<void> => {
    if (reached !== 'elsewhere') {
      if (!lease.outcome) await lease.complete(reached);
      await answerAll(lease, reached);
    }
    await discard(lease);
  };

  return {
    discard,
    end,
    /**
     * Works the lease out to its end; `stopping` aborts when the service stops.
     * @throws LeaseLost and Abandoned where the job is not this lease's any more; what the rules throw; faults of ours.
     */
    run: async (lease: Lease, stopping: AbortSignal): Promise<Reached> => {
      const reached = lease.outcome ?? (await workOut(lease, stopping));
      await end(lease, reached);
      return reached;
    },
  };
};
