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
import type { LimitFunction } from 'p-limit';
import { progressReporter } from '../progress-reporter.ts';
import { findMedia, type StoredMedia, storeMedia } from '../stored-media.ts';

interface Deps {
  downloader: Downloader;
  store: MediaStore;
  /** Bounds the downloads that run at the same time. */
  limit: LimitFunction;
  log: Logger;
  progressIntervalMs: number;
}

const download = async (
  { downloader, store, log, progressIntervalMs }: Deps,
  { id: jobId, correlationid, data }: Envelope<DownloadRequest>,
  context: HandlerContext,
): Promise<StoredMedia> => {
  const { request, contentHash, origin } = data;
  const { signal } = context;
  const report = progressReporter(origin, context, { intervalMs: progressIntervalMs, log });
  // The job is named after the event: a redelivered one continues from the partial file of the process that died.
  const downloaded = await downloader.download({ ...request, jobId, signal, onProgress: report });
  report({ phase: 'storing' });
  const provenance = {
    ...{ kind: request.kind, contentHash, sourceUrl: request.url },
    ...{ canonicalUrl: canonicalUrl(request.url), correlationId: correlationid },
  };
  const stored = await storeMedia(store, downloaded, provenance, signal);
  await downloader.discard(jobId);
  log.info({ key: stored.object.key, sizeBytes: stored.object.sizeBytes }, 'download stored');
  return stored;
};

const outcomes = {
  video: { ready: videoReady, failed: videoFailed },
  audio: { ready: audioReady, failed: audioFailed },
} as const;

/** Answers a download command with the ready or the failed event of its kind. */
const requested = (deps: Deps) => async (envelope: Envelope<DownloadRequest>, context: HandlerContext) => {
  const { request, contentHash, origin } = envelope.data;
  const { ready } = outcomes[request.kind];
  try {
    // Delivery is at least once: a redelivered command finds the object already stored.
    const { object, media } =
      (await findMedia(deps.store, request.kind, contentHash)) ??
      (await deps.limit(() => download(deps, envelope, context)));
    context.publish(ready, { origin, object, media: { ...media, sourceUrl: request.url } });
  } catch (error) {
    if (!(error instanceof DownloadFailed)) throw error;
    deps.log.warn({ err: error, code: error.code, url: request.url }, 'download failed');
    await deps.downloader.discard(envelope.id);
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
export const downloadRequested = (deps: Deps) =>
  [videoDownload, audioDownload].map((command) =>
    handle(command, requested(deps), {
      exhausted: async (envelope, context) => {
        await deps.downloader.discard(envelope.id);
        fail(envelope, context, 'internal', {});
      },
    }),
  );
