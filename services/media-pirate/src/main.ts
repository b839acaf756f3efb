import { queues } from '@heavy/contracts';
import {
  createAskedRecord,
  createDownloader,
  createLedger,
  createRetention,
  readSiteProfiles,
  startEgressProxy,
  storeFromSettings,
} from '@heavy/media';
import { runService } from '@heavy/service';
import { createAnswers } from './answers.ts';
import { downloaderOptions, mediaPirateConfig } from './config.ts';
import { diskSpace } from './disk-space.ts';
import { downloadJob } from './download-job.ts';
import { commandTyped } from './handlers/command-typed.ts';
import { downloadRequested } from './handlers/download-requested.ts';
import { keepRetained } from './keep-retained.ts';
import { lineAnnouncer } from './line-announcer.ts';
import { createWorker } from './worker.ts';

await runService('media-pirate', mediaPirateConfig, async (service) => {
  const { config, log, redis, broker, instance, check, onStop, registerCommands } = service;
  const store = storeFromSettings(config);
  check('store', () => store.check().then(() => ({ ok: true })));
  const egress = await startEgressProxy({
    allowHosts: config.EGRESS_ALLOW_HOSTS,
    ...(config.DOWNLOAD_PROXY_URL === undefined ? {} : { upstreamProxyUrl: config.DOWNLOAD_PROXY_URL }),
    log,
  });
  onStop(() => egress.close());
  const profiles =
    config.SITE_PROFILES_FILE === undefined ? [] : await readSiteProfiles(config.SITE_PROFILES_FILE);
  const downloader = createDownloader({ ...downloaderOptions(config, log), egress, profiles });
  log.info({ ytDlp: await downloader.version() }, 'yt-dlp found');
  check('yt-dlp', async () => ({ ok: true, detail: await downloader.version() }));
  const disk = diskSpace({ downloader, floorBytes: config.DISK_FLOOR_BYTES, log });
  // A full disk is no reason not to be ready: what is stored is sent, and what is asked for waits in line.
  check('disk', async () => ({ ok: true, detail: await disk.look() }));

  const ledger = createLedger({
    redis,
    holder: instance,
    leaseMs: config.LEASE_MS,
    perHost: config.DOWNLOADS_PER_HOST,
    log,
  });
  onStop(() => ledger.close());
  const answers = createAnswers({ broker, log });
  const asked = createAskedRecord(redis);
  const intervalMs = config.PROGRESS_INTERVAL_MS;
  const lineMoved = lineAnnouncer({ ledger, answers, intervalMs, waitingFor: disk.waitingFor, log });
  const run = downloadJob({ ledger, downloader, store, broker, answers, asked, log, config });
  const slots = config.DOWNLOADS_AT_ONCE;
  const worker = createWorker({ ledger, slots, run, mayBegin: disk.isEnough, lineMoved, log });
  // Half of the grace period is for downloads that are nearly done.
  onStop(() => worker.stop(config.SHUTDOWN_GRACE_MS / 2));

  const limits = { keepDays: config.KEEP_DAYS, keepBytes: config.KEEP_BYTES };
  const retention = createRetention({ store, redis, log, limits });
  const leftoversKeptMs = config.LEFTOVERS_KEPT_MS;
  onStop(keepRetained({ retention, downloader, leftoversKeptMs, ledger, log }));

  const typed = commandTyped({ redis, ledger, answers, log });
  const downloads = downloadRequested({ ledger, store, worker, answers, asked, log });
  await broker.consume(queues.mediaPirate, [typed.handler, ...downloads]);
  // Last: from now on the gateway publishes these commands, and there must be a queue for them.
  await registerCommands(typed.words);
});
