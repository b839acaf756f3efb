import {
  audioDownload,
  audioFailed,
  audioReady,
  type DownloadRequest,
  type Envelope,
  type FailureCode,
  type FailureContext,
  videoDownload,
  videoFailed,
  videoReady,
} from '@heavy/contracts';
import { canonicalUrl, type Downloader, DownloadFailed, type MediaStore } from '@heavy/media';
import { type HandlerContext, handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import pLimit, { type LimitFunction } from 'p-limit';
import { progressReporter } from '../progress-reporter.ts';
import { findMedia, type StoredMedia, storeMedia } from '../stored-media.ts';

interface Deps {
  downloader: Downloader;
  store: MediaStore;
  log: Logger;
  config: { DOWNLOADS_AT_ONCE: number; PROGRESS_INTERVAL_MS: number };
}

/** Removes a job's folder. One that stays is swept later; nobody is kept waiting for it. */
const discard = async ({ downloader, log }: Deps, jobId: string): Promise<void> => {
  try {
    await downloader.discard(jobId);
  } catch (err) {
    log.warn({ err, jobId }, 'the job folder cannot be removed');
  }
};

const download = async (
  deps: Deps,
  { id: jobId, correlationid, data }: Envelope<DownloadRequest>,
  context: HandlerContext,
): Promise<StoredMedia> => {
  const { downloader, store, log, config } = deps;
  const { request, contentHash, origin } = data;
  const { signal } = context;
  const report = progressReporter(origin, context, { intervalMs: config.PROGRESS_INTERVAL_MS, log });
  // The job is named after the event: a redelivered one continues from the partial file of the process that died.
  const downloaded = await downloader.download({ ...request, jobId, signal, onProgress: report });
  report({ phase: 'storing' });
  const provenance = {
    ...{ kind: request.kind, contentHash, sourceUrl: request.url },
    ...{ canonicalUrl: canonicalUrl(request.url), correlationId: correlationid },
  };
  // Whoever asked for the same was faster: that object may be on its way to a chat, and is not replaced.
  const stored =
    (await findMedia(store, request.kind, contentHash)) ??
    (await storeMedia(store, downloaded, provenance, signal));
  await discard(deps, jobId);
  log.info({ key: stored.object.key, sizeBytes: stored.object.sizeBytes }, 'download stored');
  return stored;
};

const outcomes = {
  video: { ready: videoReady, failed: videoFailed },
  audio: { ready: audioReady, failed: audioFailed },
} as const;

/** Answers a download command with the ready or the failed event of its kind. */
const requested =
  (deps: Deps, limit: LimitFunction) =>
  async (envelope: Envelope<DownloadRequest>, context: HandlerContext) => {
    const { request, contentHash, origin } = envelope.data;
    const { ready } = outcomes[request.kind];
    const find = () => findMedia(deps.store, request.kind, contentHash);
    try {
      // Delivery is at least once: a redelivered command finds the object already stored.
      const { object, media } =
        (await find()) ?? (await limit(async () => (await find()) ?? download(deps, envelope, context)));
      context.publish(ready, { origin, object, media: { ...media, sourceUrl: request.url } });
    } catch (error) {
      if (!(error instanceof DownloadFailed)) throw error;
      // An expected outcome is told by its code and the tool's own words; a stack only says where ours are.
      const reason = error.cause instanceof Error ? error.cause.message : undefined;
      const about = { code: error.code, url: request.url, reason };
      if (error.code === 'internal') deps.log.error({ ...about, err: error }, 'download failed');
      else deps.log.warn(about, 'download failed');
      await discard(deps, envelope.id);
      fail(envelope, context, error.code, error.context);
    }
  };

const fail = (
  { data: { origin, request } }: Envelope<DownloadRequest>,
  { publish }: HandlerContext,
  code: FailureCode,
  context: FailureContext,
): void => publish(outcomes[request.kind].failed, { origin, failure: { code, context } });

/** The handlers of `commands.media.video_download` and `commands.media.audio_download`. */
export const downloadRequested = (deps: Deps) => {
  // Across both kinds: what is short is the machine.
  const limit = pLimit(deps.config.DOWNLOADS_AT_ONCE);
  return [videoDownload, audioDownload].map((command) =>
    handle(command, requested(deps, limit), {
      exhausted: async (envelope, context) => {
        await discard(deps, envelope.id);
        fail(envelope, context, 'internal', {});
      },
    }),
  );
};
