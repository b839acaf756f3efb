import { mkdir, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AudioFormat, MediaKind, Phase, Quality } from '@heavy/contracts';
import type { Reaper } from '@heavy/process';
import { parseMediaUrl } from '../canonical-url.ts';
import type { EgressProxy } from '../egress/egress-proxy.ts';
import type { Log } from '../log.ts';
import { UrlInvalid } from '../url-invalid.ts';
import { DownloadFailed } from './download-failed.ts';
import { type ExtractOrder, extractAudio } from './extract-audio.ts';
import { fetchSource } from './fetch-source.ts';
import { finishMedia } from './finish-media.ts';
import { runJob } from './job.ts';
import { discardJob, jobFolder, sweepJobFolders } from './job-folder.ts';
import type { Probed } from './probed.ts';
import type { SiteProfile } from './site-profiles.ts';
import { titleOf } from './title.ts';
import { ytDlpVersion } from './yt-dlp-version.ts';

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
  /** A folder of its own; one folder in it for each attempt at a job. */
  workDir: string;
  log: Log;
  /** Ends what is running when this process dies; the shared one by default. */
  reaper?: Reaper;
  /** What the traffic of yt-dlp goes through; directly by default. */
  egress?: Pick<EgressProxy, 'open'>;
  /** Cookies for yt-dlp, in Netscape's format. Only read: each run has a copy. */
  cookiesFile?: string;
  /** What single sites need. */
  profiles?: readonly SiteProfile[];
  limits: DownloadLimits;
}

/** Where a job stands. While converting, `bytes` of `totalBytes` is the part of the source that has been dealt with. */
export interface DownloadProgress {
  phase: Extract<Phase, 'probing' | 'downloading' | 'converting'>;
  bytes?: number;
  totalBytes?: number;
  bytesPerSecond?: number;
  etaS?: number;
}

export interface DownloadOrder {
  url: string;
  kind: MediaKind;
  /** Of a video: no larger than that where there is a choice; 1080p by default. */
  quality?: Quality;
  /** Of a sound; mp3 by default. */
  format?: AudioFormat;
  /** Which entry of a playlist, from 1. Without it a playlist of more than one is a failure. */
  item?: number;
  /** The job, the same for every attempt at it: letters, digits, `_` and `-`, at most 128. */
  jobId: string;
  /** For a large one: tries on for as long as that brings more of the media, rather than failing fast. */
  persistent?: boolean;
  /** Never used twice for one job: letters, digits, `_` and `-`, at most 64. */
  attempt: string;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  /** Called once, before the first byte of the media is fetched. */
  onProbed?: (probed: Probed) => void;
}

/** A finished download: an mp4 that Telegram plays inline, or a sound. It stays until its job is discarded. */
export interface Downloaded {
  path: string;
  sizeBytes: number;
  /** Of the file, in hexadecimal. */
  sha256: string;
  mime: 'video/mp4' | 'audio/mpeg' | 'audio/mp4' | 'audio/ogg';
  extension: 'mp4' | 'mp3' | 'm4a' | 'opus';
  title: string;
  performer?: string;
  durationS: number;
  /** Pixels, as shown. */
  width?: number;
  height?: number;
  /** As ffmpeg names them. */
  videoCodec?: string;
  audioCodec?: string;
  /** A JPEG of at most 320 pixels a side, under 200 KB. */
  thumbnailPath?: string;
  /** yt-dlp's name for the site, and its id there. */
  extractor: string;
  mediaId: string;
  webpageUrl: string;
}

export interface Downloader {
  /**
   * Continues what an earlier attempt at the same job left, where its process is certainly gone or is this one.
   * @throws {DownloadFailed} for what a person can be told; the signal's reason where that aborts; SpawnFailed where a
   * tool is not there. The partial files stay for another try.
   */
  download(order: DownloadOrder): Promise<Downloaded>;
  /**
   * Takes the sound out of a video that is stored already.
   * @throws {DownloadFailed} `no_audio` where it has none, and by its limits as a download; what `source` rejects with.
   */
  extractAudio(order: ExtractOrder): Promise<Downloaded>;
  /** Removes the attempt's folder, and what ended attempts at the same job left. */
  discard(jobId: string, attempt: string): Promise<void>;
  /** Removes folders of attempts that were left behind `olderThanMs` ago or longer; returns their names. */
  sweep(olderThanMs: number): Promise<string[]>;
  /** Of yt-dlp; asked again when the program has changed. */
  version(): Promise<string>;
  /** Bytes that are free to us where the jobs' folders are. */
  freeBytes(): Promise<number>;
}

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
  const workDir = resolve(options.workDir);

  const download = async (order: DownloadOrder): Promise<Downloaded> => {
    const { kind, quality, format, item, jobId, attempt, signal, onProgress } = order;
    const url = parsedUrl(order.url);
    const request = { url: order.url, kind, quality, format, item };
    return runJob(
      options,
      { jobId, attempt, signal, subject: url.hostname, request, onProgress },
      async (job) => {
        job.progress({ phase: 'probing' });
        const { file, info } = await fetchSource(job, order, url);
        return finishMedia(job, order, file, {
          ...titleOf(info, url.href),
          extractor: info?.extractor_key ?? 'Generic',
          mediaId: info?.id ?? '',
          webpageUrl: info?.webpage_url ?? url.href,
        });
      },
    );
  };

  return {
    download,
    extractAudio: (order) => extractAudio(options, order),
    discard: async (jobId, attempt) => discardJob(workDir, jobFolder(workDir, jobId, attempt)),
    sweep: (olderThanMs) => sweepJobFolders(workDir, olderThanMs),
    version: ytDlpVersion(options),
    freeBytes: async () => {
      await mkdir(workDir, { recursive: true });
      const { bavail, bsize } = await statfs(workDir);
      return bavail * bsize;
    },
  };
};
