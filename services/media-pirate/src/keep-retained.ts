import type { Downloader, Ledger, Retention } from '@heavy/media';
import type { Logger } from '@heavy/service';

const everyMs = 60 * 60_000;
const sweepEveryMs = 60_000;

/**
 * Looks after what is kept: stored objects and what downloads left behind each hour, jobs that fell out of the line each
 * minute. Returns its end.
 */
export const keepRetained = ({
  retention,
  downloader,
  leftoversKeptMs,
  ledger,
  log,
}: {
  retention: Retention;
  downloader: Pick<Downloader, 'sweep'>;
  leftoversKeptMs: number;
  ledger: Ledger;
  log: Logger;
}): (() => void) => {
  const retain = () =>
    retention
      .sweep()
      .then(({ deleted }) => deleted.length > 0 && log.info({ deleted: deleted.length }, 'old media deleted'))
      .catch((err: unknown) => log.warn({ err }, 'old media could not be deleted'));
  const sweep = () =>
    ledger
      .sweep()
      .then((hashes) => hashes.length > 0 && log.warn({ hashes }, 'lost jobs are in line again'))
      .catch((err: unknown) => log.warn({ err }, 'the ledger could not be swept'));
  const tidy = () =>
    downloader
      .sweep(leftoversKeptMs)
      .then((folders) => folders.length > 0 && log.info({ folders }, 'what downloads left behind is removed'))
      .catch((err: unknown) => log.warn({ err }, 'what downloads left behind could not be removed'));
  for (const once of [retain, tidy, sweep]) void once();
  const timers = [setInterval(retain, everyMs), setInterval(tidy, everyMs), setInterval(sweep, sweepEveryMs)];
  return () => timers.forEach(clearInterval);
};
