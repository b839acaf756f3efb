import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Answers one path; what it does not end stays open. */
type Route = (request: IncomingMessage, response: ServerResponse) => void;

export interface SampleSite {
  url: string;
  /** `bytes=…` of each request with a Range header, by path. */
  ranges: [string, string][];
  /** The path of each request. */
  requests: string[];
  /** The header lines of the last request, by path. */
  headers: Map<string, IncomingMessage['headers']>;
  /** Resolves when the next answer on this path ends, or its client goes. */
  closed(path: string): Promise<void>;
  stop(): Promise<void>;
}

const types: Record<string, string> = {
  mp4: 'video/mp4',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  gif: 'image/gif',
  mp3: 'audio/mpeg',
  opus: 'audio/ogg',
  m4a: 'audio/mp4',
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
};

/** Arguments of ffmpeg by file; each is a second or two of a test picture and a tone. */
const picture = (size: string) => ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=10:duration=2`];
const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=2'];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const recipes: Record<string, string[]> = {
  'fast.mp4': [...picture('320x180'), ...tone, ...h264, '-c:a', 'aac', '-movflags', '+faststart'],
  'index-last.mp4': [...picture('320x180'), ...tone, ...h264, '-c:a', 'aac'],
  'vp9.webm': [...picture('161x91'), ...tone, '-c:v', 'libvpx', '-b:v', '200k', '-c:a', 'libopus'],
  'anamorphic.mkv': [...picture('180x144'), ...h264, '-vf', 'setsar=16/9'],
  'silent.mp4': [...picture('320x180'), ...h264],
  'moving.gif': [...picture('100x51')],
  'large.mp4': [
    ...picture('1280x720'),
    ...tone,
    ...h264,
    '-crf',
    '0',
    '-c:a',
    'aac',
    '-movflags',
    '+faststart',
  ],
  'middle.mp4': [...picture('640x360'), ...tone, ...h264, '-c:a', 'aac'],
  'sound.mp3': [...tone, '-c:a', 'libmp3lame'],
  'sound.opus': [...tone, '-c:a', 'libopus'],
  'sound.m4a': [...tone, '-c:a', 'aac'],
};

const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '0'];

const generate = async (ffmpeg: string, dir: string): Promise<void> => {
  const make = (args: string[], name: string) =>
    run(ffmpeg, ['-v', 'error', '-y', ...args, name], { cwd: dir });
  for (const [name, args] of Object.entries(recipes)) await make(args, name);
  await make(['-i', 'fast.mp4', '-c', 'copy', ...hls], 'stream.m3u8');
  await make(['-i', 'middle.mp4', '-c', 'copy', ...hls], 'middle.m3u8');
  await make(['-i', 'large.mp4', '-c', 'copy', ...hls], 'large.m3u8');
  await make([...picture('200x112'), ...h264, ...hls], 'tiny.m3u8');
  await make(['-i', 'silent.mp4', '-c', 'copy', ...hls], 'pictures.m3u8');
  await make([...tone, '-c:a', 'aac', ...hls], 'tone.m3u8');
};

/** A quarter turn, which ffmpeg 5 has no option for, written into the matrix of the first track header (ISO/IEC 14496-12, 8.3.2). */
const rotated = (mp4: Buffer): Buffer => {
  const copy = Buffer.from(mp4);
  const matrix = copy.indexOf('tkhd', 0, 'latin1') + 4 + 4 + 20 + 16;
  [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000].forEach((value, index) => {
    copy.writeInt32BE(value, matrix + 4 * index);
  });
  return copy;
};

/** A small site on loopback with media that ffmpeg has made, and every way of having none. */
export const startSampleSite = async (ffmpeg: string): Promise<SampleSite> => {
  const dir = await mkdtemp(join(tmpdir(), 'heavy-sample-site-'));
  await generate(ffmpeg, dir);
  const files = new Map<string, Buffer>();
  const load = async (name: string): Promise<Buffer | null> => {
    const known = files.get(name);
    if (known) return known;
    const bytes = await readFile(join(dir, name)).catch(() => null);
    if (bytes) files.set(name, bytes);
    return bytes;
  };
  for (const [folder, name] of [
    ['a', 'fast.mp4'],
    ['b', 'large.mp4'],
  ])
    files.set(`${folder}/clip.mp4`, (await load(name!))!);
  files.set('portrait.mp4', rotated((await load('fast.mp4'))!));
  files.set('My%20Film%20%E2%80%93%20%C3%9Cber.mp4', (await load('fast.mp4'))!);

  const ranges: [string, string][] = [];
  const requests: string[] = [];
  const headers: SampleSite['headers'] = new Map();
  const closing = new Map<string, () => void>();
  const html =
    (head: string): Route =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<html><head>${head}</head><body>Words, and nothing to play.</body></html>`);
    };
  const status =
    (code: number): Route =>
    ({ url = '' }, response) => {
      const after = /[?]after=(.*)$/.exec(url)?.[1];
      response.writeHead(code, after === undefined ? {} : { 'retry-after': after }).end();
    };
  const bytes =
    (type: string, body: Buffer): Route =>
    (_request, response) =>
      void response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);

  // Names a file of this machine, which ffmpeg would play if it were let.
  const localPlaylist = Buffer.from(
    `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nfile://${join(dir, 'stream0.ts')}\n#EXT-X-ENDLIST\n`,
  );

  const feed =
    (...paths: string[]): Route =>
    (request, response) => {
      const items = paths.map(
        (path, index) =>
          `<item><title>Part ${index + 1}</title><guid>part-${index + 1}</guid><enclosure url="http://${request.headers.host}${path}" type="video/mp4" length="1"/></item>`,
      );
      response.writeHead(200, { 'content-type': 'application/rss+xml' });
      response.end(
        `<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>${items.join('')}</channel></rss>`,
      );
    };
  const page =
    (body: string): Route =>
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`<html><head><title>A page</title></head><body>${body}</body></html>`);
    };
  const playlist =
    (...lines: string[]): Route =>
    (_request, response) =>
      void response
        .writeHead(200, { 'content-type': types['m3u8'] })
        .end(['#EXTM3U', ...lines, ''].join('\n'));
  const variant = (bandwidth: number, size: string, path: string) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},RESOLUTION=${size},CODECS="avc1.42c01e,mp4a.40.2"`,
    path,
  ];

  const routes: Record<string, Route> = {
    '/feed.xml': feed('/fast.mp4', '/large.mp4', '/silent.mp4'),
    '/feed-of-one.xml': feed('/fast.mp4'),
    '/feed-of-none.xml': feed(),
    '/one-video.html': page('<video src="/fast.mp4"></video><img src="/image.png">'),
    '/two-videos.html': page('<video src="/fast.mp4"></video><video src="/large.mp4"></video>'),
    // The largest one is not what it says it is, and so tells itself from the others.
    '/variants.m3u8': playlist(
      ...variant(100_000, '320x180', 'stream.m3u8'),
      ...variant(300_000, '640x360', 'middle.m3u8'),
      ...variant(900_000, '1280x720', 'large.m3u8'),
      ...variant(9_000_000, '3840x2160', 'tiny.m3u8'),
    ),
    '/endless.m3u8': playlist(
      ...['#EXT-X-TARGETDURATION:1', '#EXT-X-PLAYLIST-TYPE:VOD'],
      ...Array.from({ length: 5000 }, (_, index) => `#EXTINF:0.001,\n/block.ts?${index}`),
      '#EXT-X-ENDLIST',
    ),
    '/block.ts': (_request, response) =>
      void response.writeHead(200, { 'content-type': types['ts'] }).end(Buffer.alloc(256 * 1024)),
    ...Object.fromEntries([401, 403, 404, 410, 429, 451, 500, 503].map((code) => [`/${code}`, status(code)])),
    '/page': html('<title>A page</title>'),
    '/og': (request, response) =>
      html(
        `<meta property="og:title" content="Größe – 日本語 🎬"><meta property="og:video" content="http://${request.headers.host}/fast.mp4">`,
      )(request, response),
    '/empty.mp4': bytes('video/mp4', Buffer.alloc(0)),
    '/junk.mp4': bytes('video/mp4', Buffer.alloc(5000, 7)),
    '/playlist.mp4': bytes('video/mp4', localPlaylist),
    '/image.png': (request, response) =>
      bytes('image/png', Buffer.from('89504e470d0a1a0a', 'hex'))(request, response),
    '/moved': (_request, response) => void response.writeHead(302, { location: '/fast.mp4' }).end(),
    '/moved-to-404': (_request, response) => void response.writeHead(302, { location: '/404' }).end(),
    '/loop': (_request, response) => void response.writeHead(302, { location: '/loop' }).end(),
    '/reset': (request) => void request.socket.destroy(),
    '/silence': () => {},
    '/too-large.mp4': (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'video/mp4', 'content-length': 10 ** 12 })
        .write(Buffer.alloc(100_000)),
    '/endless.mp4': (_request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' });
      const block = Buffer.alloc(256 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', more);
      more();
    },
    // A drop every now and then: never silent for long enough to be given up on.
    '/drip.mp4': (_request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': 10 ** 6 });
      const timer = setInterval(() => response.write(Buffer.alloc(2048)), 100);
      response.on('close', () => clearInterval(timer));
    },
    // Half of the file, then nothing; whoever asks again gets the rest.
    '/half.mp4': async (request, response) => {
      const body = (await load('large.mp4'))!;
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const headers = {
        'content-type': 'video/mp4',
        'accept-ranges': 'bytes',
        etag: '"large"',
        'content-length': body.length - start,
      };
      if (start > 0) {
        const range = `bytes ${start}-${body.length - 1}/${body.length}`;
        return void response.writeHead(206, { ...headers, 'content-range': range }).end(body.subarray(start));
      }
      response.writeHead(200, headers);
      response.write(body.subarray(0, Math.floor(body.length / 2)));
    },
    '/master.m3u8': (_request, response) => {
      response.writeHead(200, { 'content-type': types['m3u8'] });
      response.end(
        [
          '#EXTM3U',
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",DEFAULT=YES,URI="tone.m3u8"',
          '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="a"',
          'pictures.m3u8',
          '',
        ].join('\n'),
      );
    },
  };

  const serveFile: Route = async (request, response) => {
    const name = (request.url ?? '').split('?')[0]!.slice(1);
    const body = await load(name);
    if (!body) return void response.writeHead(404).end();
    const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': type,
      'content-length': body.length - start,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    });
    response.end(body.subarray(start));
  };

  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    requests.push(path);
    headers.set(path, request.headers);
    if (request.headers.range) ranges.push([path, request.headers.range]);
    response.on('close', () => closing.get(path)?.());
    (routes[path] ?? serveFile)(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ ranges, requests, headers },
    closed: (path) => new Promise((resolve) => closing.set(path, resolve)),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
