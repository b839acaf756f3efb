import { basename } from 'node:path';
import { DownloadFailed } from './download-failed.ts';
import type { Job } from './downloader.ts';
import { classifyFailure } from './failure-classes.ts';
import { filesIn } from './folder-size.ts';
import { type MediaInfo, runYtDlp, type YtDlpProgress } from './run-yt-dlp.ts';
import { fileStem, ytDlpArguments } from './yt-dlp-arguments.ts';

/** What yt-dlp fetched. */
export interface Source {
  file: { path: string; sizeBytes: number };
  info?: MediaInfo;
}

/** yt-dlp's own bookkeeping, and what it had not finished. */
const unfinished = /\.(part|ytdl|temp)$|\.part-|\.temp\./;

const liveStates = new Set(['is_live', 'is_upcoming']);

/** Adds up the formats that are fetched one after the other, pictures and then sound. */
const progressOf = (job: Job): ((progress: YtDlpProgress) => void) => {
  const { maxBytes } = job.options.limits;
  let format: string | null | undefined;
  let before = 0;
  let bytes = 0;
  return (progress) => {
    if (format !== undefined && format !== progress.format) before += bytes;
    format = progress.format;
    bytes = progress.bytes ?? 0;
    const { total, estimate, speed, eta } = progress;
    if (total !== null && before + total > maxBytes) job.fail('too_large', { limit: maxBytes });
    const totalBytes = total ?? estimate;
    job.progress({
      phase: 'downloading',
      bytes: Math.round(before + bytes),
      ...(totalBytes === null ? {} : { totalBytes: Math.round(before + Math.max(bytes, totalBytes)) }),
      ...(speed === null ? {} : { bytesPerSecond: speed }),
      ...(eta === null ? {} : { etaS: eta }),
    });
  };
};

/**
 * Runs yt-dlp into the job's folder. Success is exactly one regular file that is not empty, whatever the exit code (which
 * is 101 after one download, and 0 where a filter left nothing).
 * @throws {DownloadFailed}
 */
export const fetchSource = async (job: Job): Promise<Source> => {
  const { options, order, folder, url, signal } = job;
  const { maxDurationS, socketTimeoutS } = options.limits;
  const proxyUrl = options.egress?.proxyUrl;
  let info: MediaInfo | undefined;
  const { code, stderr } = await runYtDlp({
    ytDlpPath: options.ytDlpPath,
    args: ytDlpArguments({
      ...{ url: url.href, kind: order.kind, ffmpegPath: options.ffmpegPath, socketTimeoutS },
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
    }),
    cwd: folder.source,
    env: job.env,
    signal,
    ...(options.reaper ? { reaper: options.reaper } : {}),
    onInfo: (found) => {
      info ??= found;
      if (found.is_live || liveStates.has(found.live_status ?? '')) job.fail('live_stream');
      else if ((found.duration ?? 0) > maxDurationS) job.fail('too_long', { limit: maxDurationS });
    },
    onProgress: progressOf(job),
  });
  // A limit may have been hit by the last thing that yt-dlp said.
  signal.throwIfAborted();
  const files = (await filesIn(folder.source)).filter(
    ({ path, isRegular, sizeBytes }) => isRegular && sizeBytes > 0 && !unfinished.test(basename(path)),
  );
  const [file] = files;
  if (file === undefined || files.length > 1 || !basename(file.path).startsWith(fileStem)) {
    const failure = classifyFailure(stderr, order.kind);
    const cause = new Error(
      `yt-dlp ended with ${code}, ${files.length} files: ${stderr.trim().slice(-2000)}`,
    );
    throw new DownloadFailed(failure, { subject: url.hostname }, { cause });
  }
  return { file, ...(info ? { info } : {}) };
};
