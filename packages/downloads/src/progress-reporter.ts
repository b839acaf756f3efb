import type { Asker, Lease } from '@heavy/media';
import type { Logger } from '@heavy/service';
import type { Answers, ProgressStep } from './answers.ts';

/** So many askers hear of one step; with more of them, the turn goes round. */
const audience = 20;

/** Reports steps of a job. What it was given last is told in the end, unless that was said to be over. */
export interface ProgressReporter {
  (step: ProgressStep): void;
  /** Nothing more is told: what was put off is no longer so. */
  end(): void;
}

/**
 * Tells the askers of a job where it stands: each new phase at once, and within a phase at most once per interval, the newest step.
 * The last step is kept in the ledger for those who join later.
 */
export const progressReporter = (
  lease: Lease,
  { answers, intervalMs, log }: { answers: Answers; intervalMs: number; log: Logger },
): ProgressReporter => {
  let last = { phase: '', at: 0 };
  let turn = 0;
  let putOff: { step: ProgressStep; timer: NodeJS.Timeout } | undefined;
  const tell = async (step: ProgressStep): Promise<void> => {
    await lease.report(step);
    const askers = await lease.askers();
    const from = askers.length > audience ? turn % askers.length : 0;
    turn = from + audience;
    const hearing: Asker[] = [...askers.slice(from), ...askers.slice(0, from)].slice(0, audience);
    for (const asker of hearing) answers.progress(asker, step);
  };
  const end = (): void => {
    clearTimeout(putOff?.timer);
    putOff = undefined;
  };
  const report = (step: ProgressStep): void => {
    end();
    // Of the wall clock an hour may come twice.
    last = { phase: step.phase, at: performance.now() };
    tell(step).catch((err: unknown) => log.debug({ err }, 'progress was not reported'));
  };
  return Object.assign(
    (step: ProgressStep): void => {
      const waitMs = last.at + intervalMs - performance.now();
      if (step.phase !== last.phase) {
        if (isStep(step.phase)) log.info({ step: step.phase }, step.phase);
        report(step);
      } else if (waitMs <= 0) report(step);
      else if (putOff) putOff.step = step;
      // A source that falls silent says nothing more: how far it came is told all the same.
      else putOff = { step, timer: setTimeout(() => putOff && report(putOff.step), waitMs).unref() };
    },
    { end },
  );
};

/** The phases that are steps of a command; storing is told when it is done. */
const isStep = (phase: ProgressStep['phase']): boolean =>
  phase === 'probing' || phase === 'downloading' || phase === 'converting';
