import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { convertToAudio, convertToVideo, type OnConverted } from '../ffmpeg/convert.ts';
import { probe } from '../ffmpeg/probe.ts';
import { ToolFailed } from '../ffmpeg/run-tool.ts';
import { writeThumbnail } from '../ffmpeg/thumbnail.ts';
import { DownloadFailed } from './download-failed.ts';
import type { Downloaded, Job } from './downloader.ts';
import type { Source } from './fetch-source.ts';
import { titleOf } from './title.ts';

/**
 * Makes of what was fetched what was asked for.
 * @throws {DownloadFailed} `unsupported` where it is no media, `no_video`, `no_audio`, `too_long`, `too_large`.
 */
export const finishMedia = async (job: Job, { file, info }: Source): Promise<Downloaded> => {
  const { options, order, url, folder } = job;
  const { ffmpegPath, ffprobePath, reaper } = options;
  const tools = { ffmpegPath, ffprobePath, env: job.env, signal: job.signal, ...(reaper ? { reaper } : {}) };
  const { maxBytes, maxDurationS } = options.limits;
  const subject = url.hostname;
  /** What ffmpeg can do nothing with is no media. */
  const readable = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw cause instanceof ToolFailed ? new DownloadFailed('unsupported', { subject }, { cause }) : cause;
    }
  };
  const contents = await readable(probe(tools, file.path));
  if (!contents.video && !contents.audio) throw new DownloadFailed('unsupported', { subject });
  if (order.kind === 'video' && !contents.video) throw new DownloadFailed('no_video', { subject });
  if (order.kind === 'audio' && !contents.audio) throw new DownloadFailed('no_audio', { subject });
  const checkDuration = (durationS: number): void => {
    if (durationS > maxDurationS) throw new DownloadFailed('too_long', { subject, limit: maxDurationS });
  };
  checkDuration(contents.durationS);

  const { title, performer } = titleOf(info, url.href);
  const onConverted: OnConverted = (fraction, etaS) =>
    job.progress({
      phase: 'converting',
      bytes: Math.round(file.sizeBytes * fraction),
      totalBytes: file.sizeBytes,
      etaS,
    });
  job.progress({ phase: 'converting', bytes: 0, totalBytes: file.sizeBytes });

  const finished = async (path: string, durationS: number) => {
    checkDuration(durationS);
    const { size: sizeBytes } = await stat(path);
    if (sizeBytes > maxBytes) throw new DownloadFailed('too_large', { subject, limit: maxBytes });
    return {
      ...{ path, sizeBytes, title, durationS },
      ...(performer === undefined ? {} : { performer }),
      extractor: info?.extractor_key ?? 'Generic',
      mediaId: info?.id ?? '',
      webpageUrl: info?.webpage_url ?? url.href,
    };
  };

  if (order.kind === 'audio') {
    const path = join(folder.output, 'media.mp3');
    const tags = { title, ...(performer === undefined ? {} : { artist: performer }) };
    const result = await readable(convertToAudio(tools, file.path, path, contents, tags, onConverted));
    return { ...(await finished(path, result.durationS)), mime: 'audio/mpeg', extension: 'mp3' };
  }

  const result = await readable(
    convertToVideo(tools, file.path, join(folder.output, 'media.mp4'), contents, onConverted),
  );
  const { durationS, video } = result.probe;
  const about = await finished(result.path, durationS);
  const thumbnailPath = join(folder.output, 'thumbnail.jpg');
  const hasThumbnail = await writeThumbnail(tools, result.path, thumbnailPath, durationS);
  if (!hasThumbnail) options.log.warn({ jobId: order.jobId }, 'no thumbnail could be made');
  return {
    ...about,
    ...{ mime: 'video/mp4', extension: 'mp4' },
    ...(video ? { width: video.width, height: video.height } : {}),
    ...(hasThumbnail ? { thumbnailPath } : {}),
  };
};
