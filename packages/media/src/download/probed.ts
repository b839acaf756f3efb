import { createHash } from 'node:crypto';
import type { MediaProbe, MediaRequest } from '@heavy/contracts';
import { canonicalUrl, requestVariant } from '../canonical-url.ts';
import type { ChosenFormats, MediaInfo } from './run-yt-dlp.ts';

/** What is known of the media before they are downloaded. */
export interface Probed extends MediaProbe {
  /**
   * The same for the same result of the same media, whatever URL led there: the site and its id for them, or the address
   * of the media file; kind, quality and format. At most 500 characters.
   */
  identity?: string;
}

/** Extractors that read any page call what they find by its file, as others are called too. */
const hasNoIds = /^(Generic|QuotedHTML)$|Embed$/;

const namePattern = /^[\w:+-]{1,100}$/;
const maxIdLength = 300;

const sourceOf = (info: MediaInfo, { chosen, parts }: ChosenFormats): string | null => {
  const { extractor_key: extractor = 'Generic', id, playlist_id: playlistId } = info;
  if (!hasNoIds.test(extractor)) {
    // An entry under the id of its playlist shares it with the others.
    const isOwn = id !== '' && id.length <= maxIdLength && id !== playlistId;
    return isOwn && namePattern.test(extractor) ? `${extractor}:${id}` : null;
  }
  const isFile = parts.length === 0 && ['http', 'https'].includes(chosen.protocol ?? '');
  if (!isFile || chosen.url === undefined) return null;
  try {
    return `Generic:${createHash('sha256').update(canonicalUrl(chosen.url)).digest('hex')}`;
  } catch {
    // With credentials in it, or too long: not the address of a file that everybody gets.
    return null;
  }
};

/** See {@link Probed.identity}; which entry of a playlist was asked for is no part of it: entries have ids of their own. */
export const identityOf = (
  info: MediaInfo,
  chosen: ChosenFormats,
  { kind, quality, format }: Pick<MediaRequest, 'kind' | 'quality' | 'format'>,
): string | undefined => {
  const source = sourceOf(info, chosen);
  if (source === null) return undefined;
  const variant = requestVariant({
    kind,
    ...(quality === undefined ? {} : { quality }),
    ...(format === undefined ? {} : { format }),
  });
  return [source, kind, ...(variant.length === 0 ? [] : [variant.join(',')])].join(':');
};

/** Bytes of the formats together, as far as they are known; `isWhole` where all are. */
export const chosenSize = ({ chosen, parts }: ChosenFormats): { sizeBytes: number; isWhole: boolean } => {
  const sizes = (parts.length === 0 ? [chosen] : parts).map(
    ({ filesize, filesize_approx: estimate }) => filesize ?? estimate,
  );
  return {
    sizeBytes: Math.round(sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)),
    isWhole: sizes.every((size) => typeof size === 'number'),
  };
};
