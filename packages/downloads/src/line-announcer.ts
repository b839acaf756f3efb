import type { Asker } from '@heavy/media';
import type { Logger } from '@heavy/service';
import type { Answers, ProgressStep } from './answers.ts';

/** So many jobs of the line hear of their place, and so many askers of each. */
const heard = 20;

/**
 * Tells those who wait in line where they stand, at most once per interval; what moves within one is told at its end.
 */
export const lineAnnouncer = ({
  line,
  askers,
  answers,
  intervalMs,
  waitingFor,
  log,
}: {
  /** The first of those that wait, in order. */
  line: (limit: number) => Promise<{ hash: string; position: number }[]>;
  /** Who waits for a job. */
  askers: (hash: string) => Promise<Asker[]>;
  answers: Answers;
  intervalMs: number;
  waitingFor: () => ProgressStep['waitingFor'] | undefined;
  log: Logger;
}): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  let announcedAt = Number.NEGATIVE_INFINITY;
  const announce = async (): Promise<void> => {
    const reason = waitingFor();
    for (const { hash, position } of await line(heard))
      for (const asker of (await askers(hash)).slice(0, heard))
        answers.progress(asker, {
          ...{ phase: 'queued' as const, position },
          ...(reason === undefined ? {} : { waitingFor: reason }),
        });
  };
  return () => {
    if (timer) return;
    const tell = () => {
      timer = undefined;
      announcedAt = performance.now();
      announce().catch((err: unknown) => log.debug({ err }, 'the line was not told'));
    };
    timer = setTimeout(tell, Math.max(0, announcedAt + intervalMs - performance.now())).unref();
  };
};
