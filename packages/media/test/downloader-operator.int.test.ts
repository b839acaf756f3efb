import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { SpawnFailed } from '@heavy/process';
import { describe, expect, it } from 'vitest';
import type { DownloadProgress } from '../src/index.ts';
import { failureOf, look, useDownloads } from './download-stage.ts';

const stage = useDownloads();
const { order } = stage;

const cookies = '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tsession\tcanary\n';

describe('download with what an operator sets', () => {
  it('sends cookies from a copy, which goes with the run, and leaves their file as it is', async () => {
    const cookiesFile = join(stage.workDir, 'cookies');
    await writeFile(cookiesFile, cookies, { mode: 0o400 });
    const { mtimeMs } = await stat(cookiesFile);
    await stage.downloader({}, { cookiesFile }).download(order('/fast.mp4'));
    expect(stage.site.headers.get('/fast.mp4')).toMatchObject({ cookie: 'session=canary' });
    expect((await stat(cookiesFile)).mtimeMs).toBe(mtimeMs);
    expect(await readFile(cookiesFile, 'utf8')).toBe(cookies);
    expect(await readdir(join(stage.workDir, 'job.1'))).not.toContain('cookies.txt');
  });

  it('gives the copy to nobody else', async () => {
    const cookiesFile = join(stage.workDir, 'cookies');
    await writeFile(cookiesFile, cookies, { mode: 0o644 });
    const spy = join(stage.workDir, 'spy');
    await writeFile(spy, '#!/bin/sh\nls -l "$HOME" > "$HOME/seen"\nexit 1\n', { mode: 0o755 });
    await failureOf(stage.downloader({}, { cookiesFile, ytDlpPath: spy }).download(order('/fast.mp4')));
    expect(await readFile(join(stage.workDir, 'job.1', 'seen'), 'utf8')).toMatch(
      /^-rw------- .* cookies\.txt$/m,
    );
  });

  it('sends what the profile of the host says, and nothing of that of another', async () => {
    const cookiesFile = join(stage.workDir, 'cookies');
    await writeFile(cookiesFile, cookies);
    const profile = {
      ...{ userAgent: 'Operator/1', referer: 'https://from.example/', headers: { 'X-Key': '--exec=x' } },
      ...{ extractorArgs: ['generic:variant_m3u8'], sleepRequestsS: 0, concurrentFragments: 2 },
      ...{ rateLimit: '50M', cookiesFile, format: 'w' },
    };
    const profiles = [{ hosts: ['127.0.0.1'], ...profile }];
    const video = await stage.downloader({}, { profiles }).download(order('/variants.m3u8'));
    // The least that our order of sizes knows, where without the profile it is 1280.
    expect(video.width).toBe(200);
    const sent = { 'user-agent': 'Operator/1', referer: 'https://from.example/', 'x-key': '--exec=x' };
    expect(stage.site.headers.get('/variants.m3u8')).toMatchObject({ ...sent, cookie: 'session=canary' });
    await stage
      .downloader({}, { profiles: [{ hosts: ['other.example'], ...profile }] })
      .download(order('/fast.mp4', { attempt: '2' }));
    expect(stage.site.headers.get('/fast.mp4')).not.toHaveProperty('x-key');
    expect(stage.site.headers.get('/fast.mp4')).not.toHaveProperty('cookie');
  });
});

describe('version', () => {
  it('is that of yt-dlp', async () => {
    expect(await stage.downloader().version()).toMatch(/^\d{4}\.\d{2}\.\d{2}/);
  });

  it('is asked for once, and again when the program has changed', async () => {
    const program = join(stage.workDir, 'program');
    const write = async (version: string) => {
      const calls = join(stage.workDir, 'calls');
      await writeFile(`${program}.new`, `#!/bin/sh\necho "$*" >> ${calls}\necho ${version}\n`, {
        mode: 0o755,
      });
      await copyFile(`${program}.new`, program);
      return async () => (await readFile(calls, 'utf8')).trim().split('\n').length;
    };
    const calls = await write('2026.01.01');
    const downloader = stage.downloader({}, { ytDlpPath: program });
    expect([await downloader.version(), await downloader.version()]).toEqual(['2026.01.01', '2026.01.01']);
    expect(await calls()).toBe(1);
    await write('2026.02.02');
    expect(await downloader.version()).toBe('2026.02.02');
    expect(await calls()).toBe(2);
  });

  it('says which program is not there', async () => {
    await expect(stage.downloader({}, { ytDlpPath: '/no/such/yt-dlp' }).version()).rejects.toThrow(
      SpawnFailed,
    );
  });
});

describe('freeBytes', () => {
  it('is what is left where the folders are, which are made', async () => {
    const workDir = join(stage.workDir, 'deep', 'er');
    const free = await stage.downloader({}, { workDir }).freeBytes();
    expect(free).toBeGreaterThan(1_000_000);
    expect((await stat(workDir)).isDirectory()).toBe(true);
  });
});

describe('extractAudio', () => {
  const about = { title: 'A title', performer: 'Somebody', extractor: 'Youtube', mediaId: 'x' };
  const extraction = (path: string, more = {}) => ({
    ...{ ...about, webpageUrl: 'https://site.example/watch', jobId: 'job', attempt: '1' },
    signal: stage.stopped.signal,
    source: async () => Readable.fromWeb((await fetch(stage.site.url + path)).body as never),
    ...more,
  });

  it.each([
    [undefined, 'mp3', 'audio/mpeg'],
    ['m4a', 'aac', 'audio/mp4'],
    ['opus', 'opus', 'audio/ogg'],
  ] as const)('takes the sound of a stored video as %s', async (format, codec, mime) => {
    const phases: DownloadProgress['phase'][] = [];
    const onProgress = ({ phase }: DownloadProgress) => phases.push(phase);
    const sound = await stage
      .downloader()
      .extractAudio(extraction('/fast.mp4', { onProgress, ...(format ? { format } : {}) }));
    expect(sound).toMatchObject({
      ...about,
      webpageUrl: 'https://site.example/watch',
      mime,
      audioCodec: codec,
    });
    const { streams, tags } = await look(sound.path);
    expect(streams.map((one) => one.codec_name)).toEqual([codec]);
    expect({ ...tags, ...streams[0]!.tags }).toMatchObject({ title: 'A title', artist: 'Somebody' });
    expect(sound.sha256).toBe(
      createHash('sha256')
        .update(await readFile(sound.path))
        .digest('hex'),
    );
    expect(new Set(phases)).toEqual(new Set(['converting']));
    await stage.downloader().discard('job', '1');
    expect(await readdir(stage.workDir)).toEqual([]);
  });

  it('ends with no_audio where there is none, and by the limit of bytes', async () => {
    const downloader = stage.downloader({ maxBytes: 3_000_000 });
    expect(await failureOf(downloader.extractAudio(extraction('/silent.mp4')))).toMatchObject({
      ...{ code: 'no_audio', context: { subject: 'site.example' } },
    });
    const endless = downloader.extractAudio(extraction('/endless.mp4', { attempt: '2' }));
    expect((await failureOf(endless)).code).toBe('too_large');
  });

  it('ends with what its source ends with, and by the signal with its reason', async () => {
    const gone = new Error('gone');
    const downloader = stage.downloader();
    const broken = extraction('', { source: () => Promise.reject(gone) });
    await expect(downloader.extractAudio(broken)).rejects.toBe(gone);
    const waiting = downloader.extractAudio(extraction('/drip.mp4', { attempt: '2' }));
    const ended = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    stage.stopped.abort();
    await ended;
  });
});
