import { largeDownload } from '@heavy/contracts';
import type { JobQueue } from '@heavy/downloads';
import { handle, RetryableError } from '@heavy/messaging';
import type { Logger } from '@heavy/service';

/** Makes a download that was handed on a job, durably: no message is held while it runs. */
export const largeDownloadAsked = ({
  jobs,
  lineMoved,
  log,
}: {
  jobs: Pick<JobQueue, 'add'>;
  lineMoved: () => void;
  log: Logger;
}) =>
  handle(largeDownload, async ({ id, correlationid, data }) => {
    const added = await jobs.add({ ...data, leader: correlationid, commandId: id, faults: 0 });
    if (added === 'busy')
      throw new RetryableError('what was asked for before is just ending', { countsAsAttempt: false });
    log.info({ hash: data.contentHash, reason: data.reason, added }, 'large download taken');
    lineMoved();
  });
