import type { Asker, Lease } from '@heavy/media';
import type { Logger } from '@heavy/service';
import type { Answers, ProgressStep } from './answers.ts';

/** So many askers hear of one step; with more of them, the turn goes round. */
const audience = 20;

/**
 * Tells the askers of a job where it stands: each new phase at once, and within a phase at most once per interval. The
 * last step is kept in the ledger for those who join later.
 */
export const progressReporter = (
  lease: Lease,
  { answers, intervalMs, log }: { answers: Answers; intervalMs: number; log: Logger },
): ((step: ProgressStep) => void) => {
  let last = { phase: '', at: 0 };
  let turn = 0;
  const tell = async (step: ProgressStep): Promise<void> => {
    await lease.report(step);
    const askers = await lease.askers();
    const from = askers.length > audience ? turn % askers.length : 0;
    turn = from + audience;
    const hearing: Asker[] = [...askers.slice(from), ...askers.slice(0, from)].slice(0, audience);
    for (const asker of hearing) answers.progress(asker, step);
  };
  return (step) => {
    // Of the wall clock an hour may come twice.
    const now = performance.now();
    if (step.phase === last.phase && now - last.at < intervalMs) return;
    if (step.phase !== last.phase && isStep(step.phase)) log.info({ step: step.phase }, step.phase);
    last = { phase: step.phase, at: now };
    tell(step).catch((err: unknown) => log.debug({ err }, 'progress was not reported'));
  };
};

/** The phases that are steps of a command; storing is told when it is done. */
const isStep = (phase: ProgressStep['phase']): boolean =>
  phase === 'probing' || phase === 'downloading' || phase === 'converting';
