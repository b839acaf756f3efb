import type { MediaInfo } from './run-yt-dlp.ts';

/** On one line, without control characters or halves of surrogate pairs, and no longer than `length` UTF-16 units. */
const clean = (text: string, length: number): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, length)
    .replace(/[\ud800-\udbff]$/, '');

/** The file's name in a URL, decoded and without its extension; the host where the path names no file. */
export const fileTitle = (url: string): string => {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split('/').filter(Boolean).at(-1) ?? '';
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // No UTF-8: as it stands in the URL.
  }
  return name.replace(/\.[a-z0-9]{1,5}$/i, '') || hostname;
};

/** Title and performer as contracts allow them. A bare file is called by its name. */
export const titleOf = (info: MediaInfo | undefined, url: string): { title: string; performer?: string } => {
  // An entry of a feed has a title, whatever its file is called.
  const bare = info === undefined || (info.direct === true && info.playlist_id === undefined);
  const title = clean((bare ? undefined : info.title) ?? fileTitle(info?.webpage_url ?? url), 1024);
  // The general extractor calls the host the uploader.
  const uploader = info?.extractor_key === 'Generic' ? undefined : (info?.uploader ?? info?.channel);
  const performer = clean(info?.artist ?? info?.creator ?? uploader ?? '', 256);
  return { title: title || 'Untitled', ...(performer === '' ? {} : { performer }) };
};
