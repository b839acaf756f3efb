const endlessSegments = 100_000;

/** `/hls/endless.m3u8`: each segment is a real one; it says little of its length, so that only bytes give it away. */
export const endlessPlaylist = (): string =>
  [
    '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-PLAYLIST-TYPE:VOD',
    ...Array.from({ length: endlessSegments }, (_, index) => `#EXTINF:0.01,\nmedium0.ts?n=${index}`),
    '#EXT-X-ENDLIST\n',
  ].join('\n');

/** `/hls/self.m3u8`: its only variant is itself. */
export const selfPlaylist = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360\nself.m3u8\n';

/** `/feed.xml`: RSS 2.0 with three enclosures (https://www.rssboard.org/rss-specification). */
export const feed = (siteUrl: string): string => {
  const item = (name: string) => {
    const url = `${siteUrl}/${name}`;
    return `<item><title>Entry ${name}</title><link>${url}</link><enclosure url="${url}" type="video/mp4" length="1000"/></item>`;
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Sample feed</title><link>${siteUrl}/</link><description>Three videos</description>
${['clip.mp4', 'aaa.mp4', 'bbb.mp4'].map(item).join('\n')}
</channel></rss>
`;
};

const playlist = (lines: readonly string[]): string =>
  ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:2', ...lines, '#EXT-X-ENDLIST', ''].join('\n');

/**
 * Manifests under `/to-canary/` that lead to the canary: by a segment, a key, an initialisation segment (RFC 8216), and
 * by DASH (ISO/IEC 23009-1).
 */
export const canaryManifests = (siteUrl: string, canaryUrl: string): Readonly<Record<string, string>> => {
  const ownSegments = ['#EXTINF:1,', `${siteUrl}/hls/medium0.ts`];
  return {
    'hls.m3u8': playlist([...ownSegments, '#EXTINF:1,', `${canaryUrl}/segment.ts`]),
    'key.m3u8': playlist([`#EXT-X-KEY:METHOD=AES-128,URI="${canaryUrl}/key"`, ...ownSegments]),
    'init.m3u8': playlist([`#EXT-X-MAP:URI="${canaryUrl}/init.mp4"`, ...ownSegments]),
    'dash.mpd': `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" minBufferTime="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4" contentType="video"><Representation id="1" bandwidth="900000" codecs="avc1.42c01e" width="640" height="360">
<BaseURL>${canaryUrl}/dash.mp4</BaseURL><SegmentList duration="4"><SegmentURL media="${canaryUrl}/segment.m4s"/></SegmentList>
</Representation></AdaptationSet></Period></MPD>
`,
  };
};
