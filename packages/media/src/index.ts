export { type Asked, type AskedRecord, createAskedRecord } from './asked.ts';
export { canonicalUrl, contentHash, requestVariant } from './canonical-url.ts';
export { DownloadFailed } from './download/download-failed.ts';
export {
  createDownloader,
  type Downloaded,
  type Downloader,
  type DownloaderOptions,
  type DownloadLimits,
  type DownloadOrder,
  type DownloadProgress,
} from './download/downloader.ts';
export type { ExtractOrder } from './download/extract-audio.ts';
export type { Probed } from './download/probed.ts';
export { readSiteProfiles, type SiteProfile } from './download/site-profiles.ts';
export {
  type EgressGate,
  type EgressProxy,
  type EgressProxyOptions,
  startEgressProxy,
} from './egress/egress-proxy.ts';
export type { VideoPart } from './ffmpeg/plan-parts.ts';
export { findUrl, type Given } from './find-url.ts';
export type { Asker, JobProgress, LedgerOutcome } from './ledger/asker.ts';
export type { Identified, Lease } from './ledger/lease.ts';
export { Abandoned, LeaseLost } from './ledger/lease-lost.ts';
export {
  createLedger,
  type HandedOn,
  type JobState,
  type JobView,
  type Joined,
  type Ledger,
  type LedgerOptions,
  type TakenHandedOn,
} from './ledger/ledger.ts';
export type { Log } from './log.ts';
export { createRetention, type Retention, type RetentionOptions, type Sweep } from './retention.ts';
export { mediaStoreSettings, storeFromSettings } from './settings.ts';
export { CannotSplit, PartTooLarge } from './split/cannot-split.ts';
export { createSplitter, type Splitter, type SplitterOptions, type Splitting } from './split/splitter.ts';
export { createMediaStore, type MediaStoreConfig } from './store/create-media-store.ts';
export { createDirectoryStore } from './store/directory-store.ts';
export {
  type ByteRange,
  type MediaStore,
  type ObjectInfo,
  ObjectMissing,
  type ObjectSource,
  SourceMismatch,
} from './store/media-store.ts';
export { createS3Store, type S3Options } from './store/s3-store.ts';
export { UrlInvalid } from './url-invalid.ts';
