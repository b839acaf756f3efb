import { type DataOf, downloadProgress, type Origin } from '@heavy/contracts';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';

type Step = Omit<DataOf<typeof downloadProgress>, 'origin'>;

/**
 * Publishes where a download stands: each new phase at once, and within a phase at most one report per interval.
 * A report that cannot be published is dropped: the next one replaces it.
 */
export const progressReporter = (
  origin: Origin,
  { publishNow }: HandlerContext,
  { intervalMs, log }: { intervalMs: number; log: Logger },
): ((step: Step) => void) => {
  let last = { phase: '', at: 0 };
  return (step) => {
    const now = Date.now();
    if (step.phase === last.phase && now - last.at < intervalMs) return;
    last = { phase: step.phase, at: now };
    publishNow(downloadProgress, { origin, ...step }).catch((err: unknown) =>
      log.debug({ err }, 'progress was not published'),
    );
  };
};
