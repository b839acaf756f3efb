import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import {
  createDownloader,
  type Downloaded,
  type DownloaderOptions,
  DownloadFailed,
  type DownloadLimits,
  type DownloadOrder,
  type EgressProxyOptions,
  startEgressProxy,
} from '../src/index.ts';

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent };

const generous: DownloadLimits = {
  maxBytes: 5_000_000,
  maxDurationS: 60,
  wallClockMs: 200_000,
  socketTimeoutS: 5,
};

export interface Way {
  order: Pick<DownloadOrder, 'url'> & Partial<DownloadOrder>;
  egress: Omit<EgressProxyOptions, 'log'>;
  limits?: Partial<DownloadLimits>;
  tools?: Partial<DownloaderOptions>;
}

/** One download of a video through real tools and an egress proxy of its own, in a folder that is gone afterwards. */
export const downloadThroughEgress = async ({ order, egress, limits, tools }: Way): Promise<Downloaded> => {
  const workDir = await mkdtemp(join(tmpdir(), 'heavy-egress-'));
  const proxy = await startEgressProxy({ ...egress, log });
  const { ytDlp: ytDlpPath, ffmpeg: ffmpegPath, ffprobe: ffprobePath } = inject('tools');
  const downloader = createDownloader({
    ...{ ytDlpPath, ffmpegPath, ffprobePath, workDir, log, egress: proxy },
    limits: { ...generous, ...limits },
    ...tools,
  });
  const { signal } = new AbortController();
  try {
    return await downloader.download({ kind: 'video', jobId: 'job', attempt: 'first', signal, ...order });
  } finally {
    await proxy.close();
    await rm(workDir, { recursive: true, force: true });
  }
};

/** What a download is rejected with, which is a failure that a person can be told. */
export const failureOf = async (downloading: Promise<unknown>): Promise<DownloadFailed> => {
  const error = await downloading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DownloadFailed);
  return error as DownloadFailed;
};
