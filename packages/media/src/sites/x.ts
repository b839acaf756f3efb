import type { Site } from './site.ts';

/**
 * A post of X, formerly Twitter: the number identifies it whoever's name stands before it; `s`, `t` and `ref_src` name
 * the sharer. `/video/2` chooses one of several videos and stays.
 */
export const x: Site = {
  hosts: /^((www|m|mobile)\.)?(x|twitter)\.com$/,
  canonical: (url) => {
    const post = /^\/(?:i(?:\/web)?|\w+)\/status(?:es)?\/(\d+)(?:\/(video)\/(\d+))?\/?$/.exec(url.pathname);
    if (!post) return null;
    const [, id, video, index] = post;
    return `https://x.com/i/status/${id}${video === undefined ? '' : `/video/${index}`}`;
  },
};
