import type { Site } from './site.ts';

/** Eleven characters today; YouTube promises no length. */
const videoId = /^[\w-]{1,64}$/;
/** These stand where an id would, and other parameters say of what. */
const noIds = new Set(['videoseries', 'live_stream', 'watch', 'playlist', 'channel', 'results', 'feed']);
const beforeId = new Set(['shorts', 'embed', 'live', 'v', 'e']);

const idOf = (url: URL): string | undefined => {
  const [first, second, ...more] = url.pathname.split('/').filter(Boolean);
  if (first === undefined || more.length > 0) return undefined;
  if (second !== undefined) return beforeId.has(first) ? second : undefined;
  if (first === 'watch' || first === 'watch_popup') {
    const ids = new Set(url.searchParams.getAll('v'));
    return ids.size === 1 ? [...ids][0] : undefined;
  }
  return url.hostname.includes('youtu.be') && !beforeId.has(first) ? first : undefined;
};

/**
 * The video id is all that counts: `t`, `start`, `si`, `feature`, `list`, `index` and the rest choose a position, a
 * sharer or a list around the same video (and yt-dlp runs with --no-playlist).
 */
export const youtube: Site = {
  hosts: /^((www|m|music|gaming)\.)?(youtube\.com|youtube-nocookie\.com|youtu\.be)$/,
  canonical: (url) => {
    const id = idOf(url);
    return id !== undefined && videoId.test(id) && !noIds.has(id)
      ? `https://www.youtube.com/watch?v=${id}`
      : null;
  },
};
