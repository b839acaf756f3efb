export { canonicalUrl, contentHash } from './canonical-url.ts';
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
export { findUrl, type Given } from './find-url.ts';
export type { Log } from './log.ts';
export { mediaStoreSettings, storeFromSettings } from './settings.ts';
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
