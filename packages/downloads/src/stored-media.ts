import {
  type AudioFormat,
  faultOf,
  type Media,
  type MediaKind,
  type MediaRequest,
  mediaSchema,
  objectSchema,
  type StoredObject,
} from '@heavy/contracts';
import type { Downloaded, MediaStore, ObjectInfo } from '@heavy/media';

export interface StoredMedia {
  object: StoredObject;
  media: Omit<Media, 'sourceUrl'>;
}

/** `video/<hash>.mp4`, `audio/<hash>.mp3`. */
const objectKey = (kind: MediaKind, format: AudioFormat | undefined, hash: string): string =>
  kind === 'video' ? `video/${hash}.mp4` : `audio/${hash}.${format ?? 'mp3'}`;

const thumbnailKey = (hash: string) => `thumb/${hash}.jpg`;

const objectOf = ({ key, sizeBytes, type }: ObjectInfo): StoredObject => ({ key, sizeBytes, type });

/**
 * Reads what was written by `storeMedia`. Null where the object is not there, or is not whole: what nobody could be sent is
 * downloaded anew.
 */
export const findMedia = async (
  store: MediaStore,
  { kind, format }: Pick<MediaRequest, 'kind' | 'format'>,
  hash: string,
): Promise<StoredMedia | null> => {
  const info = await store.find(objectKey(kind, format, hash));
  if (!info) return null;
  const { title = '', performer, durationS, width, height } = info.metadata;
  const thumbnail = kind === 'video' ? await store.find(thumbnailKey(hash)) : null;
  const object = objectOf(info);
  const media = {
    title,
    ...(performer ? { performer } : {}),
    durationS: Number(durationS),
    ...(width && height ? { width: Number(width), height: Number(height) } : {}),
    ...(thumbnail ? { thumbnail: objectOf(thumbnail) } : {}),
  };
  const fault = faultOf(objectSchema, object) ?? faultOf(mediaSchema, { ...media, sourceUrl: '' });
  return fault === null ? { object, media } : null;
};

/** Where stored media came from. */
export interface Provenance {
  hash: string;
  request: MediaRequest;
  canonicalUrl: string;
  correlationId: string;
  /** How many wait for it. */
  askedCount: number;
}

/**
 * Stores a download with what later analysis needs to know of it. The thumbnail goes first: an object that is visible
 * is complete.
 */
export const storeMedia = async (
  store: MediaStore,
  downloaded: Downloaded,
  { hash, request, canonicalUrl, correlationId, askedCount }: Provenance,
  signal: AbortSignal,
): Promise<StoredMedia> => {
  const { thumbnailPath, extractor, mediaId, sha256 } = downloaded;
  if (thumbnailPath !== undefined)
    await store.put(
      thumbnailKey(hash),
      { path: thumbnailPath },
      { type: 'image/jpeg', metadata: {} },
      signal,
    );
  const { durationS, width, height, videoCodec, audioCodec } = downloaded;
  const metadata: Record<string, string> = {
    title: downloaded.title.slice(0, 500),
    performer: downloaded.performer?.slice(0, 250) ?? '',
    sourceUrl: request.url,
    ...{ canonicalUrl, extractor, mediaId, sha256, correlationId },
  };
  for (const [name, value] of Object.entries({
    durationS,
    width,
    height,
    videoCodec,
    audioCodec,
    askedCount,
  }))
    if (value !== undefined) metadata[name] = String(value);
  const key = objectKey(request.kind, request.format, hash);
  await store.put(key, { path: downloaded.path }, { type: downloaded.mime, metadata }, signal);
  const stored = await findMedia(store, request, hash);
  if (!stored) throw new Error(`${key} was stored and cannot be read`);
  return stored;
};
