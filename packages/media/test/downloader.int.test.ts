import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SpawnFailed } from '@heavy/process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  createDownloader,
  type Downloaded,
  type Downloader,
  type DownloaderOptions,
  DownloadFailed,
  type DownloadLimits,
  type DownloadOrder,
  type DownloadProgress,
} from '../src/index.ts';
import { type SampleSite, startSampleSite } from './sample-site.ts';

const tools = inject('tools');
const run = promisify(execFile);
const silent = () => {};
const generous: DownloadLimits = {
  maxBytes: 50_000_000,
  maxDurationS: 60,
  wallClockMs: 50_000,
  socketTimeoutS: 5,
};

let site: SampleSite;
let workDir: string;
let stopped = new AbortController();

beforeAll(async () => {
  site = await startSampleSite(tools.ffmpeg);
});
afterAll(() => site.stop());
beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'heavy-downloader-'));
  stopped = new AbortController();
});
afterEach(async () => {
  stopped.abort();
  await rm(workDir, { recursive: true, force: true });
});

const downloaderWith = (
  limits: Partial<DownloadLimits> = {},
  options: Partial<DownloaderOptions> = {},
): Downloader =>
  createDownloader({
    ...{ ytDlpPath: tools.ytDlp, ffmpegPath: tools.ffmpeg, ffprobePath: tools.ffprobe, workDir },
    log: { debug: silent, info: silent, warn: silent },
    limits: { ...generous, ...limits },
    ...options,
  });

const order = (path: string, more: Partial<DownloadOrder> = {}): DownloadOrder => ({
  ...{
    url: path.includes('://') ? path : site.url + path,
    kind: 'video',
    jobId: 'job',
    signal: stopped.signal,
  },
  ...more,
});

const failureOf = async (promise: Promise<unknown>): Promise<DownloadFailed> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DownloadFailed);
  return error as DownloadFailed;
};

interface Stream {
  codec_type: string;
  codec_name: string;
  pix_fmt?: string;
  width?: number;
  height?: number;
  sample_aspect_ratio?: string;
}
const look = async (path: string): Promise<{ streams: Stream[]; tags: Record<string, string> }> => {
  const { stdout } = await run(tools.ffprobe, [
    '-v',
    'error',
    '-show_streams',
    '-show_format',
    '-of',
    'json',
    path,
  ]);
  const { streams, format } = JSON.parse(stdout) as {
    streams: Stream[];
    format: { tags?: Record<string, string> };
  };
  return { streams, tags: format.tags ?? {} };
};

/** What Telegram plays inline, whatever it was made of. */
const expectPlayable = async (video: Downloaded): Promise<Stream> => {
  const { streams } = await look(video.path);
  const picture = streams.find((one) => one.codec_type === 'video')!;
  expect(picture).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p' });
  expect([picture.width! % 2, picture.height! % 2]).toEqual([0, 0]);
  expect(['1:1', undefined]).toContain(picture.sample_aspect_ratio);
  for (const sound of streams.filter((one) => one.codec_type === 'audio'))
    expect(sound.codec_name).toBe('aac');
  const bytes = await readFile(video.path);
  expect(bytes.indexOf('moov', 0, 'latin1')).toBeGreaterThan(0);
  expect(bytes.indexOf('moov', 0, 'latin1')).toBeLessThan(bytes.indexOf('mdat', 0, 'latin1'));
  expect(video).toMatchObject({ mime: 'video/mp4', extension: 'mp4', sizeBytes: bytes.length });
  expect(video.durationS).toBeGreaterThan(1.8);
  expect(video.durationS).toBeLessThan(2.3);
  const thumbnail = await look(video.thumbnailPath!);
  expect(thumbnail.streams[0]!.codec_name).toBe('mjpeg');
  const { width = 0, height = 0 } = thumbnail.streams[0]!;
  expect(Math.max(width, height)).toBeLessThanOrEqual(320);
  expect(Math.abs(width / height - video.width! / video.height!)).toBeLessThan(0.05);
  expect((await stat(video.thumbnailPath!)).size).toBeLessThan(200_000);
  return picture;
};

describe('download of a video', () => {
  it('takes a file that is fine as it is, byte for byte, and reports its progress', async () => {
    const progress: DownloadProgress[] = [];
    const video = await downloaderWith().download(
      order('/fast.mp4', { onProgress: (one) => progress.push(one) }),
    );
    await expectPlayable(video);
    expect(video).toMatchObject({
      ...{ title: 'fast', width: 320, height: 180, extractor: 'Generic', mediaId: 'fast' },
      webpageUrl: `${site.url}/fast.mp4`,
    });
    const original = Buffer.from(await (await fetch(`${site.url}/fast.mp4`)).arrayBuffer());
    expect((await readFile(video.path)).equals(original)).toBe(true);
    expect(progress).toContainEqual(
      expect.objectContaining({ phase: 'downloading', bytes: original.length, totalBytes: original.length }),
    );
    expect(progress.at(-1)!.phase).toBe('converting');
  });

  it.each([
    ['an mp4 with its index last', '/index-last.mp4', [320, 180]],
    ['HLS', '/stream.m3u8', [320, 180]],
    ['HLS with the sound apart', '/master.m3u8', [320, 180]],
    ['VP8 with an odd size and Opus', '/vp9.webm', [162, 92]],
    ['a picture that is not square in its pixels', '/anamorphic.mkv', [320, 144]],
    ['a GIF', '/moving.gif', [100, 52]],
    ['a silent video', '/silent.mp4', [320, 180]],
    ['a redirect', '/moved', [320, 180]],
    ['a large picture', '/large.mp4', [1280, 720]],
  ])('makes %s playable', async (_name, path, [width, height]) => {
    const video = await downloaderWith().download(order(path));
    const picture = await expectPlayable(video);
    expect([video.width, video.height]).toEqual([width, height]);
    expect([picture.width, picture.height]).toEqual([width, height]);
  });

  it('keeps the sound that was apart', async () => {
    const { path } = await downloaderWith().download(order('/master.m3u8'));
    expect((await look(path)).streams.map((one) => one.codec_type).sort()).toEqual(['audio', 'video']);
  });

  it('tells the size as shown of a video that is turned by a quarter', async () => {
    const video = await downloaderWith().download(order('/portrait.mp4'));
    expect([video.width, video.height]).toEqual([180, 320]);
    await expectPlayable(video);
  });

  it('takes the title of a page, and the decoded name of a file', async () => {
    const downloader = downloaderWith();
    const page = await downloader.download(order('/og'));
    expect(page).toMatchObject({ title: 'Größe – 日本語 🎬' });
    expect(page).not.toHaveProperty('performer');
    const file = await downloader.download(
      order('/My%20Film%20%E2%80%93%20%C3%9Cber.mp4', { jobId: 'other' }),
    );
    expect(file.title).toBe('My Film – Über');
  });

  it('gives nothing of our environment to the tools, and the job as their home', async () => {
    vi.stubEnv('HEAVY_SECRET', 'canary');
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    const spy = join(workDir, 'spy');
    await writeFile(spy, '#!/bin/sh\nenv > "$HOME/env"\nexit 1\n');
    await chmod(spy, 0o755);
    await failureOf(downloaderWith({}, { ytDlpPath: spy }).download(order('/fast.mp4')));
    const env = await readFile(join(workDir, 'job', 'env'), 'utf8');
    expect(env).toContain(`HOME=${join(workDir, 'job')}\n`);
    expect(env).not.toMatch(/canary|proxy|npm_|NODE/i);
    vi.unstubAllEnvs();
  });

  it('sends its traffic through the egress proxy', async () => {
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const failure = await failureOf(
      downloaderWith({}, { egress: { proxyUrl } }).download(order('http://media.example/x.mp4')),
    );
    proxy.close();
    expect(failure.code).toBe('not_found');
    expect(seen).toContain('http://media.example/x.mp4');
  });
});

describe('download of sound', () => {
  it.each([
    ['a video', '/fast.mp4', 'fast'],
    ['an mp3', '/sound.mp3', 'sound'],
    ['HLS with the sound apart', '/master.m3u8', 'master'],
  ])('makes an mp3 with its title of %s', async (_name, path, title) => {
    const sound = await downloaderWith().download(order(path, { kind: 'audio' }));
    const { streams, tags } = await look(sound.path);
    expect(streams.map((one) => one.codec_name)).toEqual(['mp3']);
    expect(tags['title']).toBe(title);
    expect(sound).toMatchObject({ mime: 'audio/mpeg', extension: 'mp3', title });
    expect(sound.sizeBytes).toBe((await stat(sound.path)).size);
    expect(Math.abs(sound.durationS - 2)).toBeLessThan(0.2);
    expect(sound).not.toHaveProperty('width');
    expect(sound).not.toHaveProperty('thumbnailPath');
  });
});

describe('download that fails', () => {
  it.each([
    ['not_found', '/404'],
    ['not_found', '/410'],
    ['not_found', '/moved-to-404'],
    ['login_required', '/403'],
    ['geo_blocked', '/451'],
    ['source_unreachable', '/500'],
    ['source_unreachable', '/loop'],
    ['source_unreachable', '/reset'],
    ['source_unreachable', 'http://127.0.0.1:9/x'],
    ['source_unreachable', 'http://no-such-name.invalid/x'],
    ['unsupported', '/page'],
    ['unsupported', '/empty.mp4'],
    ['unsupported', '/junk.mp4'],
    ['unsupported', '/image.png'],
    ['unsupported', '/playlist.mp4'],
    ['no_video', '/sound.mp3'],
    ['url_invalid', 'ftp://127.0.0.1/x'],
    ['url_invalid', 'http://user:secret@127.0.0.1/x'],
  ])('ends with %s on %s', async (code, path) => {
    const failure = await failureOf(downloaderWith().download(order(path)));
    expect(failure.code).toBe(code);
    if (code !== 'url_invalid') expect(failure.context.subject).toBe(new URL(order(path).url).hostname);
  });

  it('ends with no_audio on a silent video', async () => {
    expect((await failureOf(downloaderWith().download(order('/silent.mp4', { kind: 'audio' })))).code).toBe(
      'no_audio',
    );
  });

  it('ends with source_slow on a source that says nothing', async () => {
    const failure = await failureOf(downloaderWith({ socketTimeoutS: 1 }).download(order('/silence')));
    expect(failure.code).toBe('source_slow');
  });

  it('ends with source_slow at the wall clock, while bytes still drip in', async () => {
    const closed = site.closed('/drip.mp4');
    const failure = await failureOf(downloaderWith({ wallClockMs: 4000 }).download(order('/drip.mp4')));
    expect(failure).toMatchObject({ code: 'source_slow', context: { limit: 4 } });
    await closed;
  });

  it('ends with too_large as soon as the source says so', async () => {
    const failure = await failureOf(downloaderWith().download(order('/too-large.mp4')));
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: generous.maxBytes } });
  });

  it('ends with too_large on a body without an end', async () => {
    const closed = site.closed('/endless.mp4');
    const failure = await failureOf(downloaderWith({ maxBytes: 3_000_000 }).download(order('/endless.mp4')));
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: 3_000_000 } });
    await closed;
  });

  it('ends with too_long on what plays for too long', async () => {
    const failure = await failureOf(downloaderWith({ maxDurationS: 1 }).download(order('/fast.mp4')));
    expect(failure).toMatchObject({ code: 'too_long', context: { limit: 1 } });
    expect((await failureOf(downloaderWith({ maxDurationS: 1 }).download(order('/stream.m3u8')))).code).toBe(
      'too_long',
    );
  });

  it('says which tool could not be started, which is no failure of the source', async () => {
    const downloading = downloaderWith({}, { ytDlpPath: '/no/such/yt-dlp' }).download(order('/fast.mp4'));
    await expect(downloading).rejects.toThrow(SpawnFailed);
    await expect(downloading).rejects.toThrow('/no/such/yt-dlp');
  });
});

describe('download that is interrupted', () => {
  it('ends by the signal with its reason, and so does yt-dlp', async () => {
    const closed = site.closed('/drip.mp4');
    const downloading = downloaderWith().download(order('/drip.mp4', { onProgress: () => stopped.abort() }));
    await expect(downloading).rejects.toMatchObject({ name: 'AbortError' });
    await closed;
    await expect(downloaderWith().download(order('/fast.mp4'))).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('goes on from the bytes it has when the same job is run again', async () => {
    const first = downloaderWith().download(
      order('/half.mp4', { onProgress: ({ bytes = 0 }) => (bytes > 10_000 ? stopped.abort() : undefined) }),
    );
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    const source = join(workDir, 'job', 'source');
    const [part] = await readdir(source);
    const { size } = await stat(join(source, part!));
    expect(size).toBeGreaterThan(10_000);
    site.ranges.length = 0;
    const video = await downloaderWith().download(
      order('/half.mp4', { signal: new AbortController().signal }),
    );
    expect(site.ranges).toContainEqual(['/half.mp4', `bytes=${size}-`]);
    const original = Buffer.from(await (await fetch(`${site.url}/large.mp4`)).arrayBuffer());
    expect((await readFile(video.path)).equals(original)).toBe(true);
  });

  it('never continues one URL with the bytes of another', async () => {
    const downloader = downloaderWith();
    await downloader.download(order('/large.mp4'));
    const video = await downloader.download(order('/fast.mp4'));
    const original = Buffer.from(await (await fetch(`${site.url}/fast.mp4`)).arrayBuffer());
    expect((await readFile(video.path)).equals(original)).toBe(true);
  });

  it('runs a job once at a time', async () => {
    const downloader = downloaderWith();
    const first = downloader.download(order('/silence'));
    await expect(downloader.download(order('/fast.mp4'))).rejects.toThrow('is running already');
    stopped.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  });

  const startOwner = (ytDlp: string, path: string): ChildProcess =>
    spawn(
      process.execPath,
      [
        fileURLToPath(new URL('fixtures/downloading-owner.ts', import.meta.url)),
        ...[ytDlp, tools.ffmpeg, tools.ffprobe, workDir, site.url + path],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );

  it('leaves no yt-dlp behind when our process is killed with -9', async () => {
    const owner = startOwner(tools.ytDlp, '/drip.mp4');
    await once(owner.stdout!, 'data');
    const closed = site.closed('/drip.mp4');
    owner.kill('SIGKILL');
    await closed;
  });

  it('leaves nothing behind that yt-dlp has started when our process is killed with -9', async () => {
    const pidFile = join(workDir, 'pids');
    const parent = join(workDir, 'parent');
    // In place of yt-dlp with an ffmpeg, neither of which listens to TERM.
    await writeFile(parent, `#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho $$ $! > ${pidFile}\nwait\nwait\n`);
    await chmod(parent, 0o755);
    const owner = startOwner(parent, '/fast.mp4');
    const pids = await vi.waitFor(async () => {
      const text = await readFile(pidFile, 'utf8');
      expect(text).toMatch(/^\d+ \d+\n$/);
      return text.trim().split(' ');
    }, 10_000);
    const states = async () =>
      (await run('ps', ['-o', 'stat=', '-p', pids.join(',')]).catch(() => ({ stdout: '' }))).stdout
        .split('\n')
        .filter((state) => state.trim() !== '' && !state.startsWith('Z'));
    expect(await states()).toHaveLength(2);
    owner.kill('SIGKILL');
    await vi.waitFor(async () => expect(await states()).toEqual([]), 10_000);
  });
});

describe('job folders', () => {
  it('are removed when they are discarded, once and twice', async () => {
    const downloader = downloaderWith();
    await downloader.download(order('/fast.mp4'));
    expect(await readdir(workDir)).toEqual(['job']);
    await downloader.discard('job');
    await downloader.discard('job');
    expect(await readdir(workDir)).toEqual([]);
  });

  it('are swept when nothing has changed in them for long, but not while they run', async () => {
    const downloader = downloaderWith();
    const running = downloader.download(order('/silence', { jobId: 'running' }));
    for (const jobId of ['old', 'recent']) await downloader.download(order('/fast.mp4', { jobId }));
    const yesterday = new Date(Date.now() - 24 * 3600 * 1000);
    for (const name of await readdir(join(workDir, 'old'), { recursive: true }))
      await utimes(join(workDir, 'old', name), yesterday, yesterday);
    expect(await downloader.sweep(3600 * 1000)).toEqual(['old']);
    expect((await readdir(workDir)).sort()).toEqual(['recent', 'running']);
    expect(await downloader.sweep(0)).toEqual(['recent']);
    stopped.abort();
    await expect(running).rejects.toThrow();
  });

  it.each(['', '..', 'a/b', '.x'])('are not made for the id %j', async (jobId) => {
    await expect(downloaderWith().download(order('/fast.mp4', { jobId }))).rejects.toThrow(TypeError);
  });
});
