import { queues } from '@heavy/contracts';
import { lineAnnouncer, openDownloads } from '@heavy/downloads';
import { createRetention } from '@heavy/media';
import { runService } from '@heavy/service';
import { mediaPirateConfig } from './config.ts';
import { downloadJob } from './download-job.ts';
import { commandTyped } from './handlers/command-typed.ts';
import { downloadRequested } from './handlers/download-requested.ts';
import { keepRetained } from './keep-retained.ts';
import { createWorker } from './worker.ts';

await runService('media-pirate', mediaPirateConfig, async (service) => {
  const { config, log, redis, broker, onStop, registerCommands } = service;
  const downloads = await openDownloads(service, {
    workDir: config.WORK_DIR,
    limits: {
      maxBytes: config.SMALL_MAX_BYTES,
      maxDurationS: config.SMALL_MAX_DURATION_S,
      wallClockMs: config.DOWNLOAD_TIMEOUT_MS,
    },
  });
  const { store, downloader, disk, ledger, answers } = downloads;
  const lineMoved = lineAnnouncer({
    ...{ line: ledger.line, askers: ledger.askers, answers, waitingFor: disk.waitingFor, log },
    intervalMs: config.PROGRESS_INTERVAL_MS,
  });
  const run = downloadJob({ ...downloads, broker, log, config });
  const slots = config.DOWNLOADS_AT_ONCE;
  const worker = createWorker({ ledger, slots, run, mayBegin: disk.isEnough, lineMoved, log });
  // Half of the grace period is for downloads that are nearly done.
  onStop(() => worker.stop(config.SHUTDOWN_GRACE_MS / 2));

  const limits = { keepDays: config.KEEP_DAYS, keepBytes: config.KEEP_BYTES };
  const retention = createRetention({ store, redis, log, limits });
  const leftoversKeptMs = config.LEFTOVERS_KEPT_MS;
  onStop(keepRetained({ retention, downloader, leftoversKeptMs, ledger, log }));

  const typed = commandTyped({ redis, ledger, answers, log });
  const requested = downloadRequested({ ...downloads, worker, log });
  await broker.consume(queues.mediaPirate, [typed.handler, ...requested]);
  // Last: from now on the gateway publishes these commands, and there must be a queue for them.
  await registerCommands(typed.words);
});
