import { execFile } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import type { RequestListener, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { DownloadLimits, EgressProxyOptions } from '../src/index.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { type SampleSite, startSampleSite } from './sample-site.ts';
import { downloadThroughEgress, failureOf } from './through-egress.ts';

const run = promisify(execFile);

/** What downloads may reach. */
let site: SampleSite;
let origin: LoopbackServer;
/** What they may not. */
let canary: LoopbackServer;

beforeAll(async () => {
  // Whoever starts us may have proxies of its own, and ways around them.
  vi.stubEnv('NO_PROXY', '127.0.0.1,localhost,::1,*');
  vi.stubEnv('no_proxy', '127.0.0.1,localhost,::1,*');
  vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
  site = await startSampleSite(inject('tools').ffmpeg);
  canary = await startLoopbackServer((_request, response) => void response.end('sang'));
  origin = await startLoopbackServer((request, response) =>
    (routes[(request.url ?? '').split('?')[0]!] ?? notThere)(request, response),
  );
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([site.stop(), origin.stop(), canary.stop()]);
});
beforeEach(() => {
  canary.connections = 0;
});

const notThere: RequestListener = (_request, response) => void response.writeHead(404).end();
const answer =
  (type: string, body: () => string): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': type }).end(body());
const master = (lines: () => string[]): RequestListener =>
  answer('application/vnd.apple.mpegurl', () => ['#EXTM3U', '#EXT-X-VERSION:6', ...lines(), ''].join('\n'));
const playlist = (lines: () => string[]): RequestListener =>
  master(() => ['#EXT-X-TARGETDURATION:2', ...lines(), '#EXT-X-ENDLIST']);
const redirect =
  (to: () => string): RequestListener =>
  (_request, response) =>
    void response.writeHead(302, { location: to() }).end();
const page = (head: () => string): RequestListener =>
  answer('text/html', () => `<html><head><title>A page</title>${head()}</head></html>`);
const manifest = (representation: () => string): RequestListener =>
  answer(
    'application/dash+xml',
    () => `<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4" contentType="video"><Representation id="1" bandwidth="300000" codecs="avc1.42c01e" width="320" height="180">${representation()}</Representation></AdaptationSet></Period></MPD>`,
  );
/** Writes for as long as somebody reads. */
const pour = (response: ServerResponse, chunk: string | Buffer): void => {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
};
const endless =
  (type: string, start: string, chunk: string | Buffer): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': type }).write(start);
    pour(response, chunk);
  };

const trap = (path = '/'): string => `http://127.0.0.1:${canary.port}${path}`;
const own = '#EXTINF:1,\n';

const routes: Record<string, RequestListener> = {
  '/redirect': redirect(() => trap('/video.mp4')),
  '/redirect-to-name': redirect(() => `http://localhost:${canary.port}/video.mp4`),
  '/redirect-twice': redirect(() => '/redirect'),
  '/og': page(() => `<meta property="og:video" content="${trap('/video.mp4')}">`),
  '/embedded': page(() => `<video src="${trap('/video.m3u8')}"></video>`),
  '/segment.m3u8': playlist(() => [`${own}${site.url}/stream0.ts`, `${own}${trap('/1.ts')}`]),
  '/segment-redirect.m3u8': playlist(() => [`${own}${site.url}/stream0.ts`, `${own}/redirect`]),
  '/key.m3u8': playlist(() => [
    `#EXT-X-KEY:METHOD=AES-128,URI="${trap('/key')}"`,
    `${own}${site.url}/stream0.ts`,
  ]),
  '/init.m3u8': playlist(() => [`#EXT-X-MAP:URI="${trap('/init.mp4')}"`, `${own}${site.url}/stream0.ts`]),
  '/variant.m3u8': master(() => ['#EXT-X-STREAM-INF:BANDWIDTH=300000', trap('/media.m3u8')]),
  '/sound.m3u8': master(() => [
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="${trap('/sound.m3u8')}"`,
    '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="a"',
    `${site.url}/pictures.m3u8`,
  ]),
  // Encrypted in a way that yt-dlp leaves to ffmpeg.
  '/ffmpeg.m3u8': playlist(() => [
    `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${site.url}/key"`,
    `${own}${trap('/0.ts')}`,
  ]),
  '/ffmpeg-key.m3u8': playlist(() => [
    `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="${trap('/key')}"`,
    `${own}${site.url}/stream0.ts`,
  ]),
  '/base.mpd': manifest(() => `<BaseURL>${trap('/video.mp4')}</BaseURL>`),
  '/segments.mpd': manifest(
    () =>
      `<BaseURL>${site.url}/</BaseURL><SegmentList duration="2"><Initialization sourceURL="fast.mp4"/><SegmentURL media="${trap('/1.m4s')}"/></SegmentList>`,
  ),
  '/init.mpd': manifest(
    () =>
      `<SegmentTemplate timescale="1" duration="2" startNumber="1" initialization="${trap('/init.mp4')}" media="${site.url}/$Number$.m4s"/>`,
  ),
  '/self-segment.m3u8': playlist(() => [`${own}self-segment.m3u8`]),
  '/self-variant.m3u8': master(() => ['#EXT-X-STREAM-INF:BANDWIDTH=300000', 'self-variant.m3u8']),
  '/many.m3u8': playlist(() => Array.from({ length: 100_000 }, (_, n) => `#EXTINF:0.0001,\nfat.ts?${n}`)),
  '/fat.ts': (_request, response) => void response.end(Buffer.alloc(100_000, 0x47)),
  '/endless.mp4': endless('video/mp4', '', Buffer.alloc(64 * 1024)),
  '/endless.html': endless('text/html', '<html>', 'words '.repeat(10_000)),
  '/endless.m3u8': endless('application/vnd.apple.mpegurl', '#EXTM3U\n', '#EXTINF:1,\nx.ts\n'.repeat(4000)),
};

const download = (
  url: string,
  egress: Partial<EgressProxyOptions> = {},
  limits: Partial<DownloadLimits> = {},
) =>
  downloadThroughEgress({
    order: { url },
    egress: { allowHosts: [new URL(site.url).host, `127.0.0.1:${origin.port}`], ...egress },
    limits,
  });

const fromOrigin = (path: string): string => `http://127.0.0.1:${origin.port}${path}`;

describe('a download through the egress proxy', () => {
  it.each(['/fast.mp4', '/stream.m3u8', '/master.m3u8', '/og', '/moved'])(
    'gets %s of an allowed host',
    async (path) => {
      expect((await download(site.url + path)).sizeBytes).toBeGreaterThan(1000);
    },
  );

  it.each([
    ...['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '0.0.0.0'],
    ...['2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '127.1', '%31%32%37.0.0.1'],
  ])('is refused on http://%s', async (host) => {
    const failure = await failureOf(download(`http://${host}:${canary.port}/video.mp4`));
    expect(failure).toMatchObject({ code: 'address_refused', context: { subject: expect.any(String) } });
    expect(canary.connections).toBe(0);
  });

  it('is refused on https of loopback', async () => {
    expect((await failureOf(download(`https://localhost:${canary.port}/`))).code).toBe('address_refused');
    expect(canary.connections).toBe(0);
  });

  it.each([
    ['user@127.0.0.1', (port: number) => `http://user@127.0.0.1:${port}/`],
    ['another scheme', (port: number) => `rtsp://127.0.0.1:${port}/`],
    ['a file', () => 'file:///etc/passwd'],
  ])('is not even tried on %s', async (_name, url) => {
    expect((await failureOf(download(url(canary.port)))).code).toBe('url_invalid');
    expect(canary.connections).toBe(0);
  });

  const refusedPaths = Object.keys(routes).filter((path) => !/self|many|fat|endless/.test(path));
  it.each(refusedPaths)('is refused on %s, which leads to loopback', async (path) => {
    const failure = await failureOf(download(fromOrigin(path)));
    expect(failure).toMatchObject({
      code: 'address_refused',
      context: { subject: path === '/redirect-to-name' ? 'localhost' : '127.0.0.1' },
    });
    expect(canary.connections).toBe(0);
  });

  it.each([
    ['loopback', [{ address: '127.0.0.1', family: 4 }]],
    ['link-local', [{ address: '169.254.169.254', family: 4 }]],
    [
      'a public address and loopback',
      [
        { address: '3000::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
  ])('is refused on a name that resolves to %s', async (_name, addresses) => {
    const url = `http://media.example:${canary.port}/video.mp4`;
    const failure = await failureOf(download(url, { lookup: async () => addresses }));
    expect(failure).toMatchObject({ code: 'address_refused', context: { subject: 'media.example' } });
    expect(canary.connections).toBe(0);
  });

  it('is refused on a name that is public at first and loopback later', async () => {
    const asked: (string | undefined)[] = [];
    const publicSide = await startLoopbackServer((request, response) => {
      asked.push(request.url);
      playlist(() => [`${own}/0.ts`])(request, response);
    });
    const answers: LookupAddress[] = [{ address: '3000::1', family: 6 }];
    const failure = await failureOf(
      download(`http://media.example:${canary.port}/video.m3u8`, {
        lookup: async () => [answers.shift() ?? { address: '127.0.0.1', family: 4 }],
        // Stands for the public host, which this machine may not have a way to.
        upstreamProxyUrl: `http://127.0.0.1:${publicSide.port}`,
      }),
    );
    await publicSide.stop();
    expect(failure).toMatchObject({ code: 'address_refused', context: { subject: 'media.example' } });
    expect(asked).toEqual([`http://media.example:${canary.port}/video.m3u8`]);
    expect(canary.connections).toBe(0);
  });

  it.each(['http://no-such-name.invalid/', 'https://no-such-name.invalid/', 'https://127.0.0.1:9/'])(
    'cannot reach %s, which is no refusal',
    async (url) => {
      const failure = await failureOf(download(url, { allowHosts: ['127.0.0.1:9'] }));
      expect(failure.code).toBe('source_unreachable');
    },
  );
});

describe('a download of what has no end', () => {
  const running = async (): Promise<string[]> => {
    const { stdout } = await run('ps', ['-eo', 'args']);
    return stdout.split('\n').filter((line) => line.includes(`127.0.0.1:${origin.port}`));
  };

  it.each([
    ['too_large', '/endless.mp4'],
    ['too_large', '/many.m3u8'],
    // yt-dlp keeps pages and playlists in its memory, where only the traffic gives them away.
    ['too_large', '/endless.html'],
    ['too_large', '/endless.m3u8'],
    ['unsupported', '/self-segment.m3u8'],
    // A playlist without a segment has no duration, which to yt-dlp means that it is live.
    ['live_stream', '/self-variant.m3u8'],
  ])('ends with %s on %s, with everything that it had started', async (code, path) => {
    const downloading = failureOf(download(fromOrigin(path)));
    await vi.waitFor(async () => expect(await running()).not.toEqual([]), 60_000);
    expect((await downloading).code).toBe(code);
    expect(await running()).toEqual([]);
    await vi.waitFor(() => expect(origin.open()).toBe(0));
  });
});
