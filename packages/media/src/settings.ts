import { type Static, Type } from 'typebox';
import { createMediaStore } from './store/create-media-store.ts';
import type { MediaStore } from './store/media-store.ts';

/** Environment variables of whoever uses the media store; `secret` ones may be given as `<NAME>_FILE`. */
export const mediaStoreSettings = {
  MEDIA_STORE: Type.String({
    pattern: '^(file:///|s3://)',
    description: 'Where media are kept: `file:///folder`, shared by all services on it, or `s3://bucket`.',
  }),
  S3_ENDPOINT: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'URL of the S3 server (MinIO).' }),
  ),
  S3_ACCESS_KEY: Type.Optional(
    Type.String({ minLength: 1, secret: true, description: 'Access key of the S3 server.' }),
  ),
  S3_SECRET_KEY: Type.Optional(
    Type.String({ minLength: 1, secret: true, description: 'Secret key of the S3 server.' }),
  ),
};

const settings = Type.Object(mediaStoreSettings);

/**
 * The media store that the settings name.
 * @throws {TypeError} that says what is missing or wrong.
 */
export const storeFromSettings = ({
  MEDIA_STORE: location,
  S3_ENDPOINT: endpoint,
  S3_ACCESS_KEY: accessKey,
  S3_SECRET_KEY: secretKey,
}: Static<typeof settings>): MediaStore =>
  createMediaStore({
    location,
    ...(endpoint && accessKey && secretKey ? { s3: { endpoint, accessKey, secretKey } } : {}),
  });
