import { queues } from '@heavy/contracts';
import { createJobQueue, lineAnnouncer, openDownloads } from '@heavy/downloads';
import { runService } from '@heavy/service';
import { quartermasterConfig } from './config.ts';
import { largeDownloadAsked } from './handlers/large-download-asked.ts';
import { jobMetrics } from './metrics.ts';
import { keepReconciled } from './reconcile.ts';
import { workJob } from './work-job.ts';
import { startWorker } from './worker.ts';

const tidyEveryMs = 60 * 60_000;

await runService('quartermaster', quartermasterConfig, async (service) => {
  const { config, log, redis, broker, metrics, check, onStop } = service;
  const downloads = await openDownloads(service, {
    workDir: config.JOBS_DIR,
    limits: {
      maxBytes: config.MAX_BYTES,
      maxDurationS: config.MAX_DURATION_S,
      wallClockMs: config.JOB_TIMEOUT_MS,
    },
  });
  const { downloader, disk, ledger, answers } = downloads;
  const jobs = createJobQueue(redis);
  onStop(() => jobs.close());
  check('jobs', async () => ({ ok: true, detail: JSON.stringify(await jobs.counts()) }));
  jobMetrics(jobs, metrics);
  const lineMoved = lineAnnouncer({
    ...{ line: jobs.line, askers: ledger.askers, answers, waitingFor: disk.waitingFor, log },
    intervalMs: config.PROGRESS_INTERVAL_MS,
  });
  const diskIsFull = () => worker.pause();
  const work = workJob({ ...downloads, log, config, persistent: true, diskIsFull });
  const worker = startWorker({
    ...{ redis, work, disk, lineMoved, log },
    ...{ atOnce: config.JOBS_AT_ONCE, leaseMs: config.LEASE_MS },
  });
  // Half of the grace period is for jobs that are nearly done.
  onStop(() => worker.stop(config.SHUTDOWN_GRACE_MS / 2));
  onStop(keepReconciled({ ledger, jobs, log }, config.RECONCILE_INTERVAL_MS));
  const tidying = setInterval(() => {
    downloader
      .sweep(config.JOB_LEFTOVERS_KEPT_MS)
      .then((folders) => folders.length > 0 && log.info({ folders }, 'what jobs left behind is removed'))
      .catch((err: unknown) => log.warn({ err }, 'what jobs left behind could not be removed'));
  }, tidyEveryMs);
  onStop(() => clearInterval(tidying));
  await broker.consume(queues.quartermaster, [largeDownloadAsked({ jobs, lineMoved, log })]);
});
