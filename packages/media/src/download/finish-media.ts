import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MediaRequest } from '@heavy/contracts';
import type { OnConverted } from '../ffmpeg/convert.ts';
import { audioFiles, convertToAudio } from '../ffmpeg/convert-to-audio.ts';
import { convertToVideo } from '../ffmpeg/convert-to-video.ts';
import { type Probe, probe } from '../ffmpeg/probe.ts';
import { ToolFailed } from '../ffmpeg/run-tool.ts';
import { writeThumbnail } from '../ffmpeg/thumbnail.ts';
import { longestSide } from '../ffmpeg/video-plan.ts';
import { readBlocks } from '../read-blocks.ts';
import type { Downloaded } from './downloader.ts';
import type { Job } from './job.ts';

/** What a result is told to be. */
export type About = Pick<Downloaded, 'title' | 'performer' | 'extractor' | 'mediaId' | 'webpageUrl'>;

const sha256Of = async (path: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash('sha256');
  await readBlocks(path, (block) => hash.update(block), signal);
  return hash.digest('hex');
};

/**
 * Makes of a file what was asked for.
 * @throws {DownloadFailed} `unsupported` where it is no media, `no_video`, `no_audio`, `too_long`, `too_large`.
 */
export const finishMedia = async (
  job: Job,
  { kind, quality, format = 'mp3' }: Pick<MediaRequest, 'kind' | 'quality' | 'format'>,
  file: { path: string; sizeBytes: number },
  about: About,
): Promise<Downloaded> => {
  const { options, folder, env, signal } = job;
  const { ffmpegPath, ffprobePath, reaper } = options;
  const tools = { ffmpegPath, ffprobePath, env, signal, ...(reaper ? { reaper } : {}) };
  const { maxBytes, maxDurationS } = options.limits;
  /** What ffmpeg can do nothing with is no media. */
  const readable = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw cause instanceof ToolFailed ? job.failure('unsupported', {}, cause) : cause;
    }
  };
  const checkDuration = (durationS: number): void => {
    if (durationS > 0) job.know({ durationS });
    if (durationS > maxDurationS) throw job.failure('too_long', { limit: maxDurationS });
  };
  const contents = await readable(probe(tools, file.path));
  job.know({ title: about.title, sizeBytes: file.sizeBytes });
  if (!contents.video && !contents.audio) throw job.failure('unsupported');
  if (kind === 'video' && !contents.video) throw job.failure('no_video');
  if (kind === 'audio' && !contents.audio) throw job.failure('no_audio');
  checkDuration(contents.durationS);

  const onConverted: OnConverted = (fraction, etaS) =>
    job.progress({
      phase: 'converting',
      bytes: Math.round(file.sizeBytes * fraction),
      totalBytes: file.sizeBytes,
      etaS,
    });
  job.progress({ phase: 'converting', bytes: 0, totalBytes: file.sizeBytes });

  const finished = async (path: string, { durationS, video, audio }: Probe) => {
    checkDuration(durationS);
    const { size: sizeBytes } = await stat(path);
    if (sizeBytes > maxBytes) throw job.failure('too_large', { limit: maxBytes });
    return {
      ...about,
      ...{ path, sizeBytes, durationS, sha256: await sha256Of(path, signal) },
      ...(video ? { width: video.width, height: video.height, videoCodec: video.codec } : {}),
      ...(audio ? { audioCodec: audio.codec } : {}),
    };
  };

  if (kind === 'audio') {
    const { extension, mime } = audioFiles[format];
    const path = join(folder.output, `media.${extension}`);
    const tags = {
      title: about.title,
      ...(about.performer === undefined ? {} : { artist: about.performer }),
    };
    const result = await readable(
      convertToAudio(tools, { from: file.path, to: path, format, tags }, contents, onConverted),
    );
    return { ...(await finished(path, result)), mime, extension };
  }

  const to = join(folder.output, 'media.mp4');
  const result = await readable(
    convertToVideo(tools, { from: file.path, to, longestSide: longestSide(quality) }, contents, onConverted),
  );
  const video = await finished(result.path, result.probe);
  const thumbnailPath = join(folder.output, 'thumbnail.jpg');
  const hasThumbnail = await writeThumbnail(tools, result.path, thumbnailPath, video.durationS);
  if (!hasThumbnail) options.log.warn({ jobId: job.jobId }, 'no thumbnail could be made');
  return {
    ...video,
    ...{ mime: 'video/mp4', extension: 'mp4' },
    ...(hasThumbnail ? { thumbnailPath } : {}),
  };
};
