import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SpawnFailed } from '@heavy/process';
import { describe, expect, it, vi } from 'vitest';
import type { Downloaded, DownloadProgress } from '../src/index.ts';
import { failureOf, generous, look, type ProbedStream, useDownloads } from './download-stage.ts';

const silent = () => {};

const stage = useDownloads();
const { order } = stage;

/** What Telegram plays inline, whatever it was made of. */
const expectPlayable = async (video: Downloaded): Promise<ProbedStream> => {
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
    const video = await stage
      .downloader()
      .download(order('/fast.mp4', { onProgress: (one) => progress.push(one) }));
    await expectPlayable(video);
    expect(video).toMatchObject({
      ...{ title: 'fast', width: 320, height: 180, extractor: 'Generic', mediaId: 'fast' },
      webpageUrl: `${stage.site.url}/fast.mp4`,
    });
    const original = Buffer.from(await (await fetch(`${stage.site.url}/fast.mp4`)).arrayBuffer());
    expect((await readFile(video.path)).equals(original)).toBe(true);
    expect(video).toMatchObject({ videoCodec: 'h264', audioCodec: 'aac' });
    expect(video.sha256).toBe(createHash('sha256').update(original).digest('hex'));
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
    const video = await stage.downloader().download(order(path));
    const picture = await expectPlayable(video);
    expect([video.width, video.height]).toEqual([width, height]);
    expect([picture.width, picture.height]).toEqual([width, height]);
  });

  it('keeps the sound that was apart', async () => {
    const { path } = await stage.downloader().download(order('/master.m3u8'));
    expect((await look(path)).streams.map((one) => one.codec_type).sort()).toEqual(['audio', 'video']);
  });

  it('tells the size as shown of a video that is turned by a quarter', async () => {
    const video = await stage.downloader().download(order('/portrait.mp4'));
    expect([video.width, video.height]).toEqual([180, 320]);
    await expectPlayable(video);
  });

  it('takes the title of a page, and the decoded name of a file', async () => {
    const downloader = stage.downloader();
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
    const spy = join(stage.workDir, 'spy');
    await writeFile(spy, '#!/bin/sh\nenv > "$HOME/env"\nexit 1\n');
    await chmod(spy, 0o755);
    await failureOf(stage.downloader({}, { ytDlpPath: spy }).download(order('/fast.mp4')));
    const env = await readFile(join(stage.workDir, 'job.1', 'env'), 'utf8');
    expect(env).toContain(`HOME=${join(stage.workDir, 'job.1')}\n`);
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
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const close = vi.fn<() => void>();
    const egress = { open: () => ({ url, bytes: () => 0, close }) };
    const failure = await failureOf(
      stage.downloader({}, { egress }).download(order('http://media.example/x.mp4')),
    );
    proxy.close();
    expect(failure.code).toBe('not_found');
    expect(seen).toContain('http://media.example/x.mp4');
    expect(close).toHaveBeenCalledOnce();
  });

  it('ends with address_refused as soon as the gate refuses something', async () => {
    const egress = {
      open: (onRefused: (host: string, reason: string) => void) => {
        queueMicrotask(() => onRefused('10.1.2.3', 'private'));
        return { url: 'http://127.0.0.1:9', bytes: () => 0, close: silent };
      },
    };
    const failure = await failureOf(stage.downloader({}, { egress }).download(order('/silence')));
    expect(failure).toMatchObject({ code: 'address_refused', context: { subject: '10.1.2.3' } });
  });
});

describe('download of sound', () => {
  it.each([
    ['a video', '/fast.mp4', 'fast'],
    ['an mp3', '/sound.mp3', 'sound'],
    ['HLS with the sound apart', '/master.m3u8', 'master'],
  ])('makes an mp3 with its title of %s', async (_name, path, title) => {
    const sound = await stage.downloader().download(order(path, { kind: 'audio' }));
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
    const failure = await failureOf(stage.downloader().download(order(path)));
    expect(failure.code).toBe(code);
    if (code !== 'url_invalid') expect(failure.context.subject).toBe(new URL(order(path).url).hostname);
  });

  it('ends with no_audio on a silent video', async () => {
    expect((await failureOf(stage.downloader().download(order('/silent.mp4', { kind: 'audio' })))).code).toBe(
      'no_audio',
    );
  });

  it('ends with source_slow on a source that says nothing', async () => {
    const failure = await failureOf(stage.downloader({ socketTimeoutS: 1 }).download(order('/silence')));
    expect(failure.code).toBe('source_slow');
  });

  it('ends with source_slow at the wall clock, while bytes still drip in', async () => {
    const closed = stage.site.closed('/drip.mp4');
    const failure = await failureOf(stage.downloader({ wallClockMs: 4000 }).download(order('/drip.mp4')));
    expect(failure).toMatchObject({ code: 'source_slow', context: { limit: 4 } });
    await closed;
  });

  it('ends with too_large as soon as the source says so', async () => {
    const failure = await failureOf(stage.downloader().download(order('/too-large.mp4')));
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: generous.maxBytes } });
  });

  it('ends with too_large on a body without an end', async () => {
    const closed = stage.site.closed('/endless.mp4');
    const failure = await failureOf(
      stage.downloader({ maxBytes: 3_000_000 }).download(order('/endless.mp4')),
    );
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: 3_000_000 } });
    await closed;
  });

  it('ends with too_long on what plays for too long', async () => {
    const failure = await failureOf(stage.downloader({ maxDurationS: 1 }).download(order('/fast.mp4')));
    expect(failure).toMatchObject({ code: 'too_long', context: { limit: 1 } });
    expect(
      (await failureOf(stage.downloader({ maxDurationS: 1 }).download(order('/stream.m3u8')))).code,
    ).toBe('too_long');
  });

  it('says which tool could not be started, which is no failure of the source', async () => {
    const downloading = stage.downloader({}, { ytDlpPath: '/no/such/yt-dlp' }).download(order('/fast.mp4'));
    await expect(downloading).rejects.toThrow(SpawnFailed);
    await expect(downloading).rejects.toThrow('/no/such/yt-dlp');
  });
});
