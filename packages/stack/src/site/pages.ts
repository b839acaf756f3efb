const page = (head: string, body: string): string =>
  `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">${head}</head>\n<body>${body}</body>\n</html>\n`;

/** What each address is there for; the front page lists them. */
export const addresses: Readonly<Record<string, string>> = {
  '/clip.mp4': 'a video, as it is',
  '/film.webm': 'a video that has to be transcoded',
  '/hls/master.m3u8': 'a video in segments (HLS)',
  '/watch/sample': 'a page with a video in it',
  '/song.mp3': 'a song',
  '/silent.mp4': 'a video without sound',
  '/slow.mp4': 'a video that takes some 15 s to come',
  '/big.mp4': 'a video of 10 MB',
  '/endless.mp4': 'a video that never ends',
  '/page.html': 'a page without media',
  '/missing': 'answers 404',
  '/forbidden': 'answers 403',
  '/gone': 'answers 410',
  '/broken': 'answers 500',
};

/** The page `/`. */
export const frontPage = (): string =>
  page(
    '<title>Sample media site</title>',
    `<ul>${Object.entries(addresses)
      .map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>`)
      .join('')}</ul>`,
  );

/** The page `/page.html`: a title and text, and nothing that can be downloaded. */
export const plainPage = (): string =>
  page('<title>A page without media</title>', '<p>There is nothing to see here, and nothing to hear.</p>');

/** The page `/watch/sample`, which names its video by the Open Graph protocol (https://ogp.me). */
export const watchPage = (siteUrl: string): string =>
  page(
    [
      '<title>Sample page</title>',
      '<meta property="og:title" content="Sample page: Überraschung">',
      '<meta property="og:type" content="video.other">',
      `<meta property="og:url" content="${siteUrl}/watch/sample">`,
      `<meta property="og:video" content="${siteUrl}/clip.mp4">`,
      '<meta property="og:video:type" content="video/mp4">',
      '<meta property="og:video:width" content="640">',
      '<meta property="og:video:height" content="360">',
    ].join(''),
    '<h1>Sample page</h1>',
  );
