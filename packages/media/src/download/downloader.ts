import { rm } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { FailureCode, FailureContext, MediaKind, Phase } from '@heavy/contracts';
import type { Reaper } from '@heavy/process';
import { parseMediaUrl } from '../canonical-url.ts';
import type { Log } from '../log.ts';
import { UrlInvalid } from '../url-invalid.ts';
import { DownloadFailed } from './download-failed.ts';
import { fetchSource } from './fetch-source.ts';
import { finishMedia } from './finish-media.ts';
import { watchFolder } from './folder-size.ts';
import { jobFolder, openJobFolder, sweepJobFolders } from './job-folder.ts';

export interface DownloadLimits {
  /** Of what is fetched, and of what is made of it. */
  maxBytes: number;
  /** Seconds of play. */
  maxDurationS: number;
  /** Milliseconds from the start of the job to its result. */
  wallClockMs: number;
  /** Seconds that a source may be silent. */
  socketTimeoutS: number;
}

export interface DownloaderOptions {
  ytDlpPath: string;
  ffmpegPath: string;
  ffprobePath: string;
  /** A folder of its own; one folder in it for each job. */
  workDir: string;
  log: Log;
  /** Ends what is running when this process dies; the shared one by default. */
  reaper?: Reaper;
  /** Where the traffic of yt-dlp goes through; directly by default. */
  egress?: { proxyUrl?: string };
  limits: DownloadLimits;
}

/** Where a job stands. While converting, `bytes` of `totalBytes` is the part of the source that has been dealt with. */
export interface DownloadProgress {
  phase: Extract<Phase, 'downloading' | 'converting'>;
  bytes?: number;
  totalBytes?: number;
  bytesPerSecond?: number;
  etaS?: number;
}

export interface DownloadOrder {
  url: string;
  kind: MediaKind;
  /** The job's folder: the same id, url and kind resume after a crash. Letters, digits, `_` and `-`. */
  jobId: string;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

/** A finished download: an mp4 that Telegram plays inline, or an mp3. It stays until its job is discarded. */
export interface Downloaded {
  path: string;
  sizeBytes: number;
  mime: 'video/mp4' | 'audio/mpeg';
  extension: 'mp4' | 'mp3';
  title: string;
  performer?: string;
  durationS: number;
  /** Pixels, as shown. */
  width?: number;
  height?: number;
  /** A JPEG of at most 320 pixels a side, under 200 KB. */
  thumbnailPath?: string;
  /** yt-dlp's name for the site, and its id there. */
  extractor: string;
  mediaId: string;
  webpageUrl: string;
}

export interface Downloader {
  /**
   * @throws {DownloadFailed} for what a person can be told; the signal's reason where that aborts; SpawnFailed where a
   * tool is not there. The partial files stay for another try.
   */
  download(order: DownloadOrder): Promise<Downloaded>;
  /** Removes the job's folder. */
  discard(jobId: string): Promise<void>;
  /** Removes folders of jobs that were left behind `olderThanMs` ago or longer; returns their ids. */
  sweep(olderThanMs: number): Promise<string[]>;
}

/** One job as its steps see it. */
export interface Job {
  options: DownloaderOptions;
  order: DownloadOrder;
  url: URL;
  folder: ReturnType<typeof jobFolder>;
  env: Record<string, string>;
  /** Aborts when the caller's does, and when a limit is hit; then its reason is the failure. */
  signal: AbortSignal;
  fail(code: FailureCode, context?: FailureContext): void;
  progress(progress: DownloadProgress): void;
}

/** Where tools are found that are configured by their bare names, on Linux and macOS. */
const commonFolders = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin'];

/** Nothing of our own environment reaches the tools: no proxies, no credentials, no settings. */
const environment = (toolPaths: string[], home: string): Record<string, string> => ({
  PATH: [...new Set([...toolPaths.filter(isAbsolute).map((path) => dirname(path)), ...commonFolders])].join(
    ':',
  ),
  HOME: home,
  TMPDIR: home,
  LANG: 'C.UTF-8',
  PYTHONUTF8: '1',
  PYTHONDONTWRITEBYTECODE: '1',
});

const parsedUrl = (url: string): URL => {
  try {
    return parseMediaUrl(url);
  } catch (cause) {
    if (cause instanceof UrlInvalid) throw new DownloadFailed('url_invalid', {}, { cause });
    throw cause;
  }
};

/** Makes the downloader: yt-dlp fetches, ffmpeg makes what Telegram plays, each job in a folder and within limits. */
export const createDownloader = (options: DownloaderOptions): Downloader => {
  const { limits, log } = options;
  const workDir = resolve(options.workDir);
  const running = new Set<string>();

  const download = async (order: DownloadOrder): Promise<Downloaded> => {
    const { url, kind, jobId, signal } = order;
    signal.throwIfAborted();
    const folder = jobFolder(workDir, jobId);
    const parsed = parsedUrl(url);
    if (running.has(jobId)) throw new Error(`job ${jobId} is running already`);
    running.add(jobId);

    const stop = new AbortController();
    const fail: Job['fail'] = (code, context = {}) =>
      stop.abort(new DownloadFailed(code, { subject: parsed.hostname, ...context }));
    const withdraw = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', withdraw, { once: true });
    let phase: DownloadProgress['phase'] = 'downloading';
    const clock = setTimeout(
      // A source that is slow, or a machine that is.
      () => fail(phase === 'downloading' ? 'source_slow' : 'internal', { limit: limits.wallClockMs / 1000 }),
      limits.wallClockMs,
    );
    try {
      await openJobFolder(folder, { url, kind });
      const job: Job = {
        ...{ options, order, url: parsed, folder, fail, signal: stop.signal },
        env: environment([options.ffmpegPath, options.ffprobePath], folder.root),
        progress: (progress) => {
          phase = progress.phase;
          if (!stop.signal.aborted) order.onProgress?.(progress);
        },
      };
      const exceeded = () => fail('too_large', { limit: limits.maxBytes });
      return await watchFolder(folder.source, limits.maxBytes, exceeded, () =>
        watchFolder(folder.output, limits.maxBytes, exceeded, async () =>
          finishMedia(job, await fetchSource(job)),
        ),
      );
    } catch (error) {
      // What a tool says when it is ended is not the reason why it was.
      const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
      log.debug({ err: reason, jobId, host: parsed.hostname }, 'download ended without its media');
      throw reason;
    } finally {
      clearTimeout(clock);
      signal.removeEventListener('abort', withdraw);
      running.delete(jobId);
    }
  };

  return {
    download,
    discard: (jobId) => rm(jobFolder(workDir, jobId).root, { recursive: true, force: true }),
    sweep: (olderThanMs) => sweepJobFolders(workDir, olderThanMs, running),
  };
};
