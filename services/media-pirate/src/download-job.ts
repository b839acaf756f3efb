import { audioDownload, queues, videoDownload } from '@heavy/contracts';
import {
  Abandoned,
  type AskedRecord,
  type Downloader,
  DownloadFailed,
  type Lease,
  LeaseLost,
  type Ledger,
  type LedgerOutcome,
  type MediaStore,
} from '@heavy/media';
import { type Broker, runInContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { afterFailure } from './after-failure.ts';
import type { Answers } from './answers.ts';
import type { MediaPirateConfig } from './config.ts';
import { obtainMedia } from './obtain-media.ts';
import { Superseded } from './settle-identity.ts';
import { findMedia } from './stored-media.ts';

export interface JobDeps {
  ledger: Ledger;
  downloader: Downloader;
  store: MediaStore;
  broker: Broker;
  answers: Answers;
  asked: AskedRecord;
  log: Logger;
  config: Pick<
    MediaPirateConfig,
    'MAX_BYTES' | 'MAX_DURATION_S' | 'SMALL_MAX_BYTES' | 'PROGRESS_INTERVAL_MS'
  > & {
    RETRY_DELAYS_MS: readonly number[];
  };
}

/** A job over which so many workers died is given up: it may be what kills them. */
const mostDeaths = 10;

const commands = { video: videoDownload, audio: audioDownload } as const;

/** Works a lease of the ledger out: downloads, stores, and answers everybody who waits. */
export const downloadJob = (deps: JobDeps) => {
  const { downloader, store, broker, answers, asked, log, config } = deps;
  const obtain = obtainMedia(deps);
  const failed = afterFailure(deps);

  /** Removes the job's folder. One that stays is swept later; nobody is kept waiting for it. */
  const discard = async ({ hash, token }: Lease): Promise<void> => {
    try {
      await downloader.discard(hash, String(token));
    } catch (err) {
      log.warn({ err, hash }, 'the job folder cannot be removed');
    }
  };

  /** For what failed for the last time. The request goes to the dead letters, where an operator finds it. */
  const giveUp = async (lease: Lease, error: unknown): Promise<LedgerOutcome> => {
    const { hash, request, origin, attempt, deaths } = lease;
    log.error({ err: error, hash, attempt, deaths }, 'a download is given up');
    await broker.deadLetter(
      queues.mediaPirate,
      commands[request.kind],
      { request, origin, contentHash: hash },
      { error, failures: attempt },
    );
    return { failure: { code: 'internal', context: {} } };
  };

  /** The outcome, or `elsewhere` where those who wait are answered by somebody else's. */
  const workOut = async (lease: Lease, stopping: AbortSignal): Promise<LedgerOutcome | 'elsewhere'> => {
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

  const end = async (lease: Lease, outcome: LedgerOutcome | 'elsewhere'): Promise<void> => {
    if (outcome !== 'elsewhere') {
      if (!lease.outcome) await lease.complete(outcome);
      await answerAll(lease, outcome);
    }
    await discard(lease);
  };

  /** After a fault of ours: once more, later. Without an outcome only so often; one that is there has to be said. */
  const tryAgain = async (lease: Lease, err: unknown): Promise<void> => {
    const { attempt, hash, outcome } = lease;
    const delays = config.RETRY_DELAYS_MS;
    const delayMs = delays[attempt - 1] ?? (outcome && delays.at(-1));
    if (delayMs === undefined) return end(lease, await giveUp(lease, err));
    const step = outcome ? {} : { step: 'trying_again', reason: 'internal' };
    log.error({ ...step, err, hash, attempt, delayMs }, 'a download will be tried again');
    await lease.retryLater(delayMs);
  };

  return async (lease: Lease, stopping: AbortSignal): Promise<void> =>
    runInContext({ correlationId: lease.leader }, async () => {
      try {
        await end(lease, lease.outcome ?? (await workOut(lease, stopping)));
      } catch (error) {
        if (error instanceof LeaseLost || error instanceof Abandoned) {
          log.info({ hash: lease.hash, reason: error.name }, 'the job is not ours any more');
          await discard(lease);
        } else if (stopping.aborted) {
          // The partial file stays: whoever goes on continues from it where it can.
          await lease.release();
        } else {
          await tryAgain(lease, error);
        }
      }
    });
};
