import { audioDownload, queues, videoDownload } from '@heavy/contracts';
import { type LeaseWorkDeps, leaseWork } from '@heavy/downloads';
import { Abandoned, type Lease, LeaseLost, type LedgerOutcome } from '@heavy/media';
import { type Broker, runInContext } from '@heavy/messaging';
import { afterFailure } from './after-failure.ts';
import type { MediaPirateConfig } from './config.ts';

export interface JobDeps extends LeaseWorkDeps {
  broker: Broker;
  config: Pick<
    MediaPirateConfig,
    'MAX_BYTES' | 'MAX_DURATION_S' | 'SMALL_MAX_BYTES' | 'PROGRESS_INTERVAL_MS'
  > & {
    RETRY_DELAYS_MS: readonly number[];
  };
}

const commands = { video: videoDownload, audio: audioDownload } as const;

/** Works a lease of the ledger out: downloads, stores, and answers everybody who waits. */
export const downloadJob = (deps: JobDeps) => {
  const { broker, log, config } = deps;

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

  const { run, end, discard } = leaseWork(deps, { failed: afterFailure(deps), giveUp });

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
        await run(lease, stopping);
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
