const page = (head: string, body: string): string =>
  `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">${head}</head>\n<body>${body}</body>\n</html>\n`;

/** What each address is there for; the front page lists them. */
export const addresses: Readonly<Record<string, string>> = {
  '/clip.mp4': 'a video, as it is',
  '/film.webm': 'a video that has to be transcoded',
  '/hls/master.m3u8': 'a video in segments (HLS)',
  '/hls/ladder.m3u8': 'a video in three heights: 180, 360 and 720',
  '/formats': 'a page with a video in three heights',
  '/watch/sample': 'a page with a video in it',
  '/watch?v=aaa': 'a page whose video follows from its id',
  '/watch?v=bbb': 'another video; every other id shows /clip.mp4',
  '/short/clip.mp4': 'leads to what follows after /short',
  '/feed.xml': 'a feed with three videos',
  '/song.mp3': 'a song',
  '/silent.mp4': 'a video without sound',
  '/slow.mp4': 'a video that takes some 15 s to come',
  '/big.mp4': 'a video of 10 MB',
  '/padded.mp4?mb=5': 'a video of as many MB as one likes',
  '/limited.mp4?mb=50': 'the same, at most 5 MB/s a connection',
  '/padded.mp4?mb=50&rate=2000000&cut=10000000': 'the same, at 2 MB/s, and the connection is cut after 10 MB',
  '/padded.mp4?down=2&after=3': 'the same, and each second request is answered 503',
  '/rangeless.mp4': 'a video that is always sent from its beginning; takes ?mb= too',
  '/long.mp4': 'a video that plays for more than four hours',
  '/endless.mp4': 'a video that never ends',
  '/hls/endless.m3u8': 'a video in a hundred thousand segments',
  '/hls/self.m3u8': 'a playlist that includes itself',
  '/page.html': 'a page without media',
  '/missing': 'answers 404',
  '/forbidden': 'answers 403',
  '/gone': 'answers 410',
  '/broken': 'answers 500',
  '/status/451': 'answers that status',
  '/silent-forever': 'never answers',
};

/** What leads to a private network, by the ways that there are; listed where there is a canary to lead to. */
const canaryAddresses: Readonly<Record<string, string>> = {
  '/to-canary/redirect': 'leads to a server in a private network, which no download may reach',
  '/to-canary/page': 'a page whose video is there',
  '/to-canary/hls.m3u8': 'a stream with a segment there',
  '/to-canary/key.m3u8': 'a stream with its key there',
  '/to-canary/init.m3u8': 'a stream whose initialisation segment is there',
  '/to-canary/dash.mpd': 'the same with DASH',
};

const escaped = (text: string): string => text.replace(/[&<>"]/gu, (char) => `&#${char.charCodeAt(0)};`);

/** The page `/`. */
export const frontPage = (hasCanary: boolean): string =>
  page(
    '<title>Sample media site</title>',
    `<h1>Sample media site</h1>\n<ul>\n${Object.entries({
      ...addresses,
      ...(hasCanary ? canaryAddresses : {}),
    })
      .map(([path, what]) => `<li><a href="${path}">${path}</a>: ${what}</li>\n`)
      .join('')}</ul>`,
  );

/** The page `/page.html`: a title and text, and nothing that can be downloaded. */
export const plainPage = (): string =>
  page('<title>A page without media</title>', '<p>There is nothing to see here, and nothing to hear.</p>');

/** A page that names its video by the Open Graph protocol (https://ogp.me); both addresses are whole ones. */
export const videoPage = (title: string, pageUrl: string, videoUrl: string): string =>
  page(
    [
      `<title>${escaped(title)}</title>`,
      `<meta property="og:title" content="${escaped(title)}">`,
      '<meta property="og:type" content="video.other">',
      `<meta property="og:url" content="${escaped(pageUrl)}">`,
      `<meta property="og:video" content="${escaped(videoUrl)}">`,
    ].join(''),
    `<h1>${escaped(title)}</h1>`,
  );

/** A page that answers a status other than 200. */
export const failurePage = (why: string): string => page(`<title>${why}</title>`, `<p>${why}</p>`);
