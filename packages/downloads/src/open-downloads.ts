import {
  createAskedRecord,
  createDownloader,
  createLedger,
  readSiteProfiles,
  startEgressProxy,
  storeFromSettings,
} from '@heavy/media';
import type { Service } from '@heavy/service';
import { createAnswers } from './answers.ts';
import { diskSpace } from './disk-space.ts';
import { type DownloadSettings, downloaderOptions, type OwnSettings } from './settings.ts';

/** What of a service its downloads need. */
type Host = Pick<Service<never>, 'instance' | 'log' | 'redis' | 'broker' | 'check' | 'onStop'> & {
  config: DownloadSettings;
};

/** Opens, for a service, all that downloading takes; it is closed when the service stops. */
export const openDownloads = async (service: Host, own: OwnSettings) => {
  const { config, log, redis, broker, instance, check, onStop } = service;
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
  const downloader = createDownloader({ ...downloaderOptions(config, own, log), egress, profiles });
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
  return {
    ...{ store, downloader, disk, ledger },
    answers: createAnswers({ broker, log }),
    asked: createAskedRecord(redis),
  };
};
