import { dirname, isAbsolute, resolve } from 'node:path';
import type { FailureCode, FailureContext, MediaProbe } from '@heavy/contracts';
import { DownloadFailed } from './download-failed.ts';
import type { DownloaderOptions, DownloadProgress } from './downloader.ts';
import { watchFolder } from './folder-size.ts';
import { inJobFolder, type JobFolder, jobFolder } from './job-folder.ts';

/** One job as its steps see it. */
export interface Job {
  options: DownloaderOptions;
  jobId: string;
  folder: JobFolder;
  env: Record<string, string>;
  /** Of the gate to the network. */
  proxyUrl?: string;
  /** Aborts when the caller's does, and when a limit is hit; then its reason is the failure. */
  signal: AbortSignal;
  /** Notes what has become known of the media: failures carry it. */
  know(probe: MediaProbe): void;
  /** A failure to be thrown. */
  failure(code: FailureCode, context?: FailureContext, cause?: unknown): DownloadFailed;
  /** Ends the job with a failure, whatever is running. */
  fail(code: FailureCode, context?: FailureContext): void;
  progress(progress: DownloadProgress): void;
}

export interface JobOrder {
  jobId: string;
  attempt: string;
  signal: AbortSignal;
  /** The host that failures name. */
  subject: string;
  /** What is to be made: only files of the same request are continued. */
  request: object;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** Where tools are found that are configured by their bare names, on Linux and macOS. */
const commonFolders = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin'];

/**
 * What may be received beyond twice the bytes that are written: pages and playlists, which yt-dlp keeps in its memory,
 * fragments that come again, and what is around the content.
 */
const unwrittenBytes = 64 * 1024 * 1024;

/** Nothing of our own environment reaches the tools: no proxies, no credentials, no settings. */
export const toolEnvironment = (
  {
    ytDlpPath = '',
    ffmpegPath,
    ffprobePath,
  }: Pick<DownloaderOptions, 'ffmpegPath' | 'ffprobePath'> & { ytDlpPath?: string },
  home: string,
): Record<string, string> => ({
  PATH: [
    ...new Set([
      ...[ffmpegPath, ffprobePath, ytDlpPath].filter(isAbsolute).map((path) => dirname(path)),
      ...commonFolders,
    ]),
  ].join(':'),
  HOME: home,
  TMPDIR: home,
  LANG: 'C.UTF-8',
  PYTHONUTF8: '1',
  PYTHONDONTWRITEBYTECODE: '1',
});

/**
 * Runs `work` in the job's folder and within its limits, with a gate to the network of its own.
 * @throws the failure that ended the job, or the reason of the caller's signal, rather than what a tool said of its end.
 */
export const runJob = async <T>(
  options: DownloaderOptions,
  order: JobOrder,
  work: (job: Job) => Promise<T>,
): Promise<T> => {
  const { limits, log } = options;
  const { jobId, signal, subject } = order;
  signal.throwIfAborted();
  const workDir = resolve(options.workDir);
  const folder = jobFolder(workDir, jobId, order.attempt);
  const stop = new AbortController();
  let known: MediaProbe = {};
  let phase: DownloadProgress['phase'] = 'probing';

  const failure: Job['failure'] = (code, context = {}, cause) =>
    new DownloadFailed(
      code,
      { subject, ...context },
      {
        ...(cause === undefined ? {} : { cause }),
        ...(Object.keys(known).length === 0 ? {} : { probe: known }),
      },
    );
  const fail: Job['fail'] = (code, context) => stop.abort(failure(code, context));
  const gate = options.egress?.open((host, reason) => {
    log.info({ jobId, host, reason }, 'a request of the download was refused');
    fail('address_refused', { subject: host });
  });
  const withdraw = (): void => stop.abort(signal.reason);
  signal.addEventListener('abort', withdraw, { once: true });
  const clock = setTimeout(
    // A source that is slow, or a machine that is.
    () => fail(phase === 'converting' ? 'internal' : 'source_slow', { limit: limits.wallClockMs / 1000 }),
    limits.wallClockMs,
  );
  const job: Job = {
    ...{ options, jobId, folder, failure, fail, signal: stop.signal },
    ...(gate ? { proxyUrl: gate.url } : {}),
    env: toolEnvironment(options, folder.root),
    know: (probe) => {
      known = { ...known, ...probe };
    },
    progress: (progress) => {
      phase = progress.phase;
      if (!stop.signal.aborted) order.onProgress?.(progress);
    },
  };
  const tooLarge = () => fail('too_large', { limit: limits.maxBytes });
  const onSource = (bytes: number): void => {
    if (bytes > limits.maxBytes || (gate?.bytes() ?? 0) > unwrittenBytes + 2 * bytes) tooLarge();
  };
  const onOutput = (bytes: number): void => {
    if (bytes > limits.maxBytes) tooLarge();
  };
  try {
    return await inJobFolder(workDir, folder, order.request, () =>
      watchFolder(folder.source, onSource, () =>
        watchFolder(folder.output, onOutput, async () => {
          const result = await work(job);
          stop.signal.throwIfAborted();
          return result;
        }),
      ),
    );
  } catch (error) {
    // What a tool says when it is ended is not the reason why it was.
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
    log.debug({ err: reason, jobId, host: subject }, 'download ended without its media');
    throw reason;
  } finally {
    clearTimeout(clock);
    gate?.close();
    signal.removeEventListener('abort', withdraw);
  }
};
