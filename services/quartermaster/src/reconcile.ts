import { deterministicId, largeDownload } from '@heavy/contracts';
import type { JobQueue } from '@heavy/downloads';
import type { Ledger } from '@heavy/media';
import type { Logger } from '@heavy/service';

export interface ReconcileDeps {
  ledger: Pick<Ledger, 'handedOn' | 'askers'>;
  jobs: Pick<JobQueue, 'add' | 'waiting' | 'remove'>;
  log: Logger;
}

/**
 * Brings the timetable to what the ledger says: a job for each download that was handed on, and none for which nobody waits.
 * So nothing is lost with BullMQ's keys.
 */
export const reconcile = async ({ ledger, jobs, log }: ReconcileDeps): Promise<void> => {
  const waitedFor = await ledger.handedOn();
  for (const { hash, place, request, origin, leader } of waitedFor) {
    // As media-pirate names it.
    const commandId = deterministicId(hash, largeDownload.type, place);
    const added = await jobs.add({ request, origin, contentHash: hash, leader, commandId, faults: 0 });
    if (added === 'added')
      log.warn({ hash, leader }, 'a download that was handed on had no job: it has one again');
  }
  const known = new Set(waitedFor.map(({ hash }) => hash));
  for (const hash of await jobs.waiting()) {
    // A job may be there before media-pirate has put the download down; its askers are in the ledger all the while.
    if (known.has(hash) || (await ledger.askers(hash)).length > 0) continue;
    await jobs.remove(hash);
    log.info({ hash }, 'a job that nobody waits for is removed');
  }
};

/** Reconciles at once and then again and again. Returns its end. */
export const keepReconciled = (deps: ReconcileDeps, everyMs: number): (() => void) => {
  let isRunning = false;
  const once = (): void => {
    if (isRunning) return;
    isRunning = true;
    reconcile(deps)
      .catch((err: unknown) => deps.log.warn({ err }, 'the jobs could not be compared with the ledger'))
      .finally(() => {
        isRunning = false;
      });
  };
  once();
  const timer = setInterval(once, everyMs);
  return () => clearInterval(timer);
};
