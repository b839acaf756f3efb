import { type MediaKind, mediaKinds } from '@heavy/contracts';
import { canonicalUrl, type ObjectInfo, UrlInvalid } from '@heavy/media';
import { UsageFault } from './command.ts';
import type { System } from './system.ts';

/** A stored video or sound, with how it was asked for. */
export interface MediaObject {
  info: ObjectInfo;
  kind: MediaKind;
  hash: string;
  durationS: number | undefined;
  askedAt: Date | undefined;
  askedCount: number;
}

/** So much of a hash is shown where there is little room, and finds it again. */
export const shortHash = (hash: string): string => hash.slice(0, 12);

/** Of `video/<hash>.mp4`. */
export const hashOf = (key: string): string => /^[^/]+\/([^/.]+)/.exec(key)?.[1] ?? '';

const withAsked = async (
  { asked }: System,
  found: readonly { info: ObjectInfo; kind: MediaKind }[],
): Promise<MediaObject[]> => {
  const records = await asked.of(found.map(({ info }) => info.key));
  return found.map(({ info, kind }, index) => {
    const durationS = Number(info.metadata['durationS'] ?? Number.NaN);
    return {
      ...{ info, kind, hash: hashOf(info.key) },
      durationS: Number.isFinite(durationS) ? durationS : undefined,
      askedAt: records[index]?.at,
      askedCount: records[index]?.count ?? 0,
    };
  });
};

/** All media of these kinds that the store has, and that are `wanted`. */
export const findMedia = async (
  system: System,
  {
    kinds = mediaKinds,
    beginning = '',
    wanted = () => true,
  }: {
    kinds?: readonly MediaKind[];
    /** Of the hash. */
    beginning?: string;
    wanted?: (info: ObjectInfo) => boolean;
  } = {},
): Promise<MediaObject[]> => {
  const found: { info: ObjectInfo; kind: MediaKind }[] = [];
  for (const kind of kinds)
    for await (const info of system.store.list(`${kind}/${beginning}`))
      if (wanted(info)) found.push({ info, kind });
  return await withAsked(system, found);
};

const shortest = 4;

/**
 * A hash or its beginning as typed.
 * @throws {UsageFault}
 */
export const hashBeginning = (text: string): string => {
  const beginning = text.toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(beginning)) throw new UsageFault(`"${text}" is no hash.`);
  if (beginning.length < shortest)
    throw new UsageFault(`"${text}" is too short: at least ${shortest} characters of a hash are needed.`);
  return beginning;
};

const canonical = (url: string): string | undefined => {
  try {
    return canonicalUrl(url);
  } catch (error) {
    if (error instanceof UrlInvalid) return undefined;
    throw error;
  }
};

/** The media that were downloaded from a URL, whichever way it is spelled. */
export const findByUrl = (system: System, url: string): Promise<MediaObject[]> => {
  const wanted = canonical(url);
  if (wanted === undefined) throw new UsageFault(`"${url}" is no URL that is downloaded from.`);
  return findMedia(system, {
    wanted: ({ metadata }) =>
      metadata['canonicalUrl'] === wanted || canonical(metadata['sourceUrl'] ?? '') === wanted,
  });
};
