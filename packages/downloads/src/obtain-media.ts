import type { MediaRequest } from '@heavy/contracts';
import { canonicalUrl, contentHash, type Downloaded, type Lease } from '@heavy/media';
import type { LeaseWorkDeps } from './lease-work.ts';
import { type ProgressReporter, progressReporter } from './progress-reporter.ts';
import { settleIdentity } from './settle-identity.ts';
import { findMedia, type StoredMedia, storeMedia } from './stored-media.ts';

/** Downloads what a lease is for and stores it; `stopping` aborts when the service stops. */
export const obtainMedia = (deps: LeaseWorkDeps) => {
  const { ledger, downloader, store, answers, log, config, persistent = false } = deps;

  /** The sound of a video that is stored already, or null where there is none. */
  const soundOfStored = async (
    lease: Lease,
    signal: AbortSignal,
    onProgress: ProgressReporter,
  ): Promise<Downloaded | null> => {
    const { kind, url, item, format } = lease.request;
    if (kind !== 'audio') return null;
    const video: MediaRequest = { url, kind: 'video', ...(item === undefined ? {} : { item }) };
    const stored = await findMedia(store, video, await ledger.resolve(contentHash(video)));
    if (!stored) return null;
    log.info({ key: stored.object.key }, 'taking the sound out of the stored video');
    const { title, performer } = stored.media;
    const { extractor = '', mediaId = '' } = (await store.find(stored.object.key))?.metadata ?? {};
    return downloader.extractAudio({
      ...{ jobId: lease.hash, attempt: String(lease.token), signal, onProgress },
      ...{ title, extractor, mediaId, webpageUrl: url },
      ...(performer === undefined ? {} : { performer }),
      ...(format === undefined ? {} : { format }),
      source: () => store.read(stored.object.key),
    });
  };

  return async (lease: Lease, stopping: AbortSignal): Promise<StoredMedia> => {
    const unsettled = new AbortController();
    const signal = AbortSignal.any([lease.signal, stopping, unsettled.signal]);
    const report = progressReporter(lease, { answers, intervalMs: config.PROGRESS_INTERVAL_MS, log });
    let settled: Promise<void> = Promise.resolve();
    const onProbed = ({ identity }: { identity?: string }): void => {
      if (identity === undefined) return;
      settled = settleIdentity(deps, lease, identity);
      settled.catch((error: unknown) => unsettled.abort(error));
    };
    const fetched = async (): Promise<Downloaded> => {
      try {
        return (
          (await soundOfStored(lease, signal, report)) ??
          (await downloader.download({
            ...{ ...lease.request, jobId: lease.hash, attempt: String(lease.token) },
            ...{ signal, onProgress: report, onProbed, persistent },
          }))
        );
      } finally {
        report.end();
        // What the media turned out to be counts for more than how their download ended.
        await settled;
      }
    };
    const downloaded = await fetched();
    report({ phase: 'storing' });
    const askedCount = (await lease.askers()).length;
    // Whoever lost the lease must not replace what the new holder has stored, which may be on its way to a chat.
    await lease.held();
    const { hash, request, leader: correlationId } = lease;
    const provenance = { hash, request, canonicalUrl: canonicalUrl(request.url), correlationId, askedCount };
    const stored = await storeMedia(store, downloaded, provenance, signal);
    log.info({ step: 'stored', ...stored.object }, 'download stored');
    return stored;
  };
};
