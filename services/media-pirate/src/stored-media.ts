import type { Media, MediaKind, StoredObject } from '@heavy/contracts';
import type { Downloaded, MediaStore, ObjectInfo } from '@heavy/media';

/** `video/<hash>.mp4`, `audio/<hash>.mp3`. */
const objectKey = (kind: MediaKind, contentHash: string): string =>
  kind === 'video' ? `video/${contentHash}.mp4` : `audio/${contentHash}.mp3`;

export interface StoredMedia {
  object: StoredObject;
  media: Omit<Media, 'sourceUrl'>;
}

const thumbnailKey = (contentHash: string) => `thumb/${contentHash}.jpg`;

const objectOf = ({ key, sizeBytes, type }: ObjectInfo): StoredObject => ({ key, sizeBytes, type });

/** Reads what was written by `storeMedia`, or null where the object is not there. */
export const findMedia = async (
  store: MediaStore,
  kind: MediaKind,
  contentHash: string,
): Promise<StoredMedia | null> => {
  const info = await store.find(objectKey(kind, contentHash));
  if (!info) return null;
  const { title = '', performer, durationS, width, height } = info.metadata;
  const thumbnail = kind === 'video' ? await store.find(thumbnailKey(contentHash)) : null;
  return {
    object: objectOf(info),
    media: {
      title,
      ...(performer ? { performer } : {}),
      durationS: Number(durationS),
      ...(width && height ? { width: Number(width), height: Number(height) } : {}),
      ...(thumbnail ? { thumbnail: objectOf(thumbnail) } : {}),
    },
  };
};

interface Provenance {
  kind: MediaKind;
  contentHash: string;
  sourceUrl: string;
  canonicalUrl: string;
  correlationId: string;
}

/**
 * Stores a download with what later analysis needs to know of it. The thumbnail goes first: an object that is visible
 * is complete.
 */
export const storeMedia = async (
  store: MediaStore,
  downloaded: Downloaded,
  from: Provenance,
  signal: AbortSignal,
): Promise<StoredMedia> => {
  if (downloaded.thumbnailPath !== undefined)
    await store.put(
      thumbnailKey(from.contentHash),
      { path: downloaded.thumbnailPath },
      { type: 'image/jpeg', metadata: {} },
      signal,
    );
  const numbers = { durationS: downloaded.durationS, width: downloaded.width, height: downloaded.height };
  const metadata: Record<string, string> = {
    title: downloaded.title.slice(0, 500),
    performer: downloaded.performer?.slice(0, 250) ?? '',
    sourceUrl: from.sourceUrl,
    canonicalUrl: from.canonicalUrl,
    extractor: downloaded.extractor,
    mediaId: downloaded.mediaId,
    correlationId: from.correlationId,
  };
  for (const [name, value] of Object.entries(numbers))
    if (value !== undefined) metadata[name] = String(value);
  await store.put(
    objectKey(from.kind, from.contentHash),
    { path: downloaded.path },
    { type: downloaded.mime, metadata },
    signal,
  );
  const stored = await findMedia(store, from.kind, from.contentHash);
  if (!stored) throw new Error(`${objectKey(from.kind, from.contentHash)} was stored and cannot be found`);
  return stored;
};
