import { deterministicId, type FailureCode, largeDownload } from '@heavy/contracts';
import { passingFailures, type Reached } from '@heavy/downloads';
import type { DownloadFailed, Lease, LedgerOutcome } from '@heavy/media';
import { summarizeError, Unroutable } from '@heavy/messaging';
import type { JobDeps } from './download-job.ts';

/** What a failed download ends in: its sentence, or `elsewhere` where somebody else takes the job on. */
export const afterFailure =
  ({ broker, log, config }: Pick<JobDeps, 'broker' | 'log' | 'config'>) =>
  async (lease: Lease, error: DownloadFailed): Promise<Reached> => {
    const { code, context, probe = {} } = error;
    const { hash, place, request, origin } = lease;
    const failed = (as: FailureCode, limit?: number): LedgerOutcome => ({
      failure: { code: as, context: limit === undefined ? context : { ...context, limit } },
    });
    // An operator can mend this one. The others are what a site, or a limit, may well answer.
    const level = code === 'extractor_broken' ? 'warn' : 'info';
    log[level]({ code, url: request.url, reason: reasonOf(error) }, 'download failed');
    const isTooMuch = code === 'too_large' || code === 'too_long';
    if (isTooMuch && (probe.sizeBytes ?? 0) > config.MAX_BYTES) return failed('too_large', config.MAX_BYTES);
    if (isTooMuch && (probe.durationS ?? 0) > config.MAX_DURATION_S)
      return failed('too_long', config.MAX_DURATION_S);
    if (!isTooMuch && !passingFailures.has(code)) return failed(code);
    try {
      await broker.publish(
        largeDownload,
        { request, origin, contentHash: hash, reason: code, probe },
        // The job's: whoever hands it on once more, after a crash right here, says the same.
        { id: deterministicId(hash, largeDownload.type, place) },
      );
    } catch (err) {
      if (!(err instanceof Unroutable)) throw err;
      if (!isTooMuch) return failed(code);
      return {
        failure: {
          code: 'large_unavailable',
          context: code === 'too_large' ? { limit: config.SMALL_MAX_BYTES } : {},
        },
      };
    }
    await lease.handOn();
    log.info({ step: 'handed_on', code, ...probe }, 'handed on as a large download');
    return 'elsewhere';
  };

const reasonOf = ({ cause }: Error): string | undefined =>
  cause === undefined ? undefined : summarizeError(cause);
