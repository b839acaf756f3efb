import { fileURLToPath } from 'node:url';
import { createDirectoryStore } from './directory-store.ts';
import type { MediaStore } from './media-store.ts';
import { createS3Store, type S3Options } from './s3-store.ts';

export interface MediaStoreConfig {
  /** `file:///folder` or `s3://bucket`. */
  location: string;
  /** Needed for `s3:` only. */
  s3?: Omit<S3Options, 'bucket'>;
}

/**
 * The store that a configuration names.
 * @throws {TypeError} that says what is wrong with the location, or that the S3 options are missing.
 */
export const createMediaStore = ({ location, s3 }: MediaStoreConfig): MediaStore => {
  const url = URL.canParse(location) ? new URL(location) : null;
  if (url?.protocol === 'file:') return createDirectoryStore({ dir: fileURLToPath(url) });
  if (url?.protocol === 's3:' && url.hostname !== '' && url.pathname.replace('/', '') === '') {
    if (!s3) throw new TypeError(`${location} needs an S3 endpoint, an access key and a secret key`);
    return createS3Store({ ...s3, bucket: url.hostname });
  }
  throw new TypeError(`${location} is no media store: give file:///folder or s3://bucket`);
};
