import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest';
import {
  createDownloader,
  type Downloader,
  type DownloaderOptions,
  DownloadFailed,
  type DownloadLimits,
  type DownloadOrder,
} from '../src/index.ts';
import { type SampleSite, startSampleSite } from './sample-site.ts';

const silent = () => {};

/** Enough for everything on the sample site. */
export const generous: DownloadLimits = {
  maxBytes: 50_000_000,
  maxDurationS: 60,
  wallClockMs: 200_000,
  socketTimeoutS: 5,
};

export interface ProbedStream {
  codec_type: string;
  codec_name: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
  tags?: Record<string, string>;
}

/** The sample site for a file of tests; a work folder and a signal for each of them. */
export interface DownloadStage {
  site: SampleSite;
  workDir: string;
  /** Aborted after the test. */
  stopped: AbortController;
  downloader(limits?: Partial<DownloadLimits>, options?: Partial<DownloaderOptions>): Downloader;
  /** A video of a path on the sample site, or of a whole URL. */
  order(path: string, more?: Partial<DownloadOrder>): DownloadOrder;
}

export const useDownloads = (): DownloadStage => {
  const tools = inject('tools');
  const stage = {
    downloader: (limits = {}, options = {}) =>
      createDownloader({
        ...{ ytDlpPath: tools.ytDlp, ffmpegPath: tools.ffmpeg, ffprobePath: tools.ffprobe },
        workDir: stage.workDir,
        log: { debug: silent, info: silent, warn: silent },
        limits: { ...generous, ...limits },
        ...options,
      }),
    order: (path, more = {}) => ({
      url: path.includes('://') ? path : stage.site.url + path,
      ...{ kind: 'video', jobId: 'job', attempt: '1', signal: stage.stopped.signal },
      ...more,
    }),
  } as DownloadStage;
  beforeAll(async () => {
    stage.site = await startSampleSite(tools.ffmpeg);
  });
  afterAll(() => stage.site.stop());
  beforeEach(async () => {
    stage.workDir = await mkdtemp(join(tmpdir(), 'heavy-downloader-'));
    stage.stopped = new AbortController();
    stage.site.ranges.length = 0;
    stage.site.requests.length = 0;
  });
  afterEach(async () => {
    stage.stopped.abort();
    await rm(stage.workDir, { recursive: true, force: true });
  });
  return stage;
};

export const failureOf = async (promise: Promise<unknown>): Promise<DownloadFailed> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DownloadFailed);
  return error as DownloadFailed;
};

/** What ffprobe finds in a file. */
export const look = async (
  path: string,
): Promise<{ streams: ProbedStream[]; tags: Record<string, string>; formats: string }> => {
  const { stdout } = await promisify(execFile)(inject('tools').ffprobe, [
    ...['-v', 'error', '-show_streams', '-show_format', '-of', 'json', path],
  ]);
  const { streams, format } = JSON.parse(stdout) as {
    streams: ProbedStream[];
    format: { tags?: Record<string, string>; format_name: string };
  };
  return { streams, tags: format.tags ?? {}, formats: format.format_name };
};
