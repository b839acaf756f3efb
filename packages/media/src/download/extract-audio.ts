import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AudioFormat } from '@heavy/contracts';
import type { Downloaded, DownloaderOptions, DownloadProgress } from './downloader.ts';
import { type About, finishMedia } from './finish-media.ts';
import { runJob } from './job.ts';

/** A sound to be taken out of a stored video; what is known of that goes into the result. */
export interface ExtractOrder extends About {
  /** As of a download. */
  jobId: string;
  attempt: string;
  signal: AbortSignal;
  /** mp3 by default. */
  format?: AudioFormat;
  /** Opens the stored video. */
  source: () => Promise<Readable>;
  onProgress?: (progress: DownloadProgress) => void;
}

/** See {@link Downloader.extractAudio}. */
export const extractAudio = async (options: DownloaderOptions, order: ExtractOrder): Promise<Downloaded> => {
  const { jobId, attempt, signal, format, source, onProgress } = order;
  const { title, performer, extractor, mediaId, webpageUrl } = order;
  const about: About = {
    ...{ title, extractor, mediaId, webpageUrl },
    ...(performer === undefined ? {} : { performer }),
  };
  const subject = URL.parse(webpageUrl)?.hostname ?? '';
  const request = { extract: webpageUrl, format };
  return runJob(options, { jobId, attempt, signal, subject, request, onProgress }, async (job) => {
    job.progress({ phase: 'converting' });
    const path = join(job.folder.source, 'stored.mp4');
    await pipeline(await source(), createWriteStream(path), { signal: job.signal });
    const { size: sizeBytes } = await stat(path);
    return finishMedia(job, { kind: 'audio', ...(format ? { format } : {}) }, { path, sizeBytes }, about);
  });
};
