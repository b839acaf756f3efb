import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MediaSite, startMediaSite } from '@heavy/stack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import {
  createDownloader,
  type Downloaded,
  type DownloaderOptions,
  type DownloadOrder,
} from '../src/index.ts';
import { failureOf } from './download-stage.ts';
import { downloadThroughKills } from './fixtures/killed-download.ts';

const tools = inject('tools');
const silent = () => {};
let site: MediaSite;
let workDir: string;
let stopped: AbortController;
beforeAll(async () => {
  site = await startMediaSite({ ffmpeg: tools.ffmpeg });
});
afterAll(() => site.stop());
beforeEach(async () => {
  workDir = await mkdtemp(join(tmpdir(), 'heavy-origins-'));
  stopped = new AbortController();
});
afterEach(async () => {
  stopped.abort();
  await rm(workDir, { recursive: true, force: true });
});

const download = (
  path: string,
  order: Partial<DownloadOrder> = {},
  options: Partial<DownloaderOptions> = {},
): Promise<Downloaded> =>
  createDownloader({
    ...{ ytDlpPath: tools.ytDlp, ffmpegPath: tools.ffmpeg, ffprobePath: tools.ffprobe, workDir },
    log: { debug: silent, info: silent, warn: silent },
    limits: { maxBytes: 100_000_000, maxDurationS: 60, wallClockMs: 200_000, socketTimeoutS: 30 },
    ...options,
  }).download({
    ...{ url: site.url + path, kind: 'video', jobId: 'job', attempt: '1', signal: stopped.signal },
    ...order,
  });

const sourceOf = (attempt: number): string => join(workDir, `job.${attempt}`, 'source');

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Of what is at the address now. */
const sha256At = async (path: string): Promise<string> =>
  sha256(Buffer.from(await (await fetch(site.url + path)).arrayBuffer()));

/** Kills the yt-dlp of an attempt with -9, and all that it has started. */
const killTool = async (attempt: number): Promise<void> => {
  const group = Number(await readFile(join(workDir, `job.${attempt}`, 'yt-dlp.pid'), 'utf8'));
  process.kill(-group, 'SIGKILL');
};

const partOf = (attempt: number): string => join(sourceOf(attempt), 'media.mp4.part');

/** Resolves when so much has been written: the look that yt-dlp has at a source before may have been sent as much. */
const hasWritten = (attempt: number, bytes: number): Promise<void> =>
  vi.waitFor(async () => expect((await stat(partOf(attempt))).size).toBeGreaterThan(bytes), 60_000);

/** Attempt 1, of which yt-dlp is killed while the source goes no further, and it has written so much. */
const breakOff = async (path: string, held: [path: string, atByte: number], bytes: number): Promise<void> => {
  void site.hold(...held);
  const failure = failureOf(download(path));
  await hasWritten(1, bytes);
  await killTool(1);
  await failure;
  site.release(held[0]);
};

const mb = 1_000_000;
const padded = '/padded.mp4';
const breakOffLate = (path: string) => breakOff(path, [padded, 3 * mb], 2 * mb);

describe('a file of which half is there', () => {
  it.each(['both', 'etag', 'weak', 'modified', 'none'])(
    'is continued where it is the same, by validators: %s',
    async (validators) => {
      const path = `${padded}?mb=4&validators=${validators}&rate=20000000&same`;
      await breakOffLate(path);
      const half = await stat(partOf(1));
      const before = site.requests.length;
      const video = await download(path, { attempt: '2' });
      const ranged = site.requests.slice(before).filter(({ range }) => range !== undefined);
      const fetched = ranged.reduce((bytes, { bytesSent }) => bytes + bytesSent, 0);
      expect(video.sha256).toBe(await sha256At(path));
      // With what is looked at to see whether it is the same.
      expect(fetched - (4 * mb - half.size)).toBeLessThan(100_000);
    },
  );

  it.each(['both', 'etag', 'weak', 'modified', 'none'])(
    'is started over where it has become another one of that length, by validators: %s',
    async (validators) => {
      const path = `${padded}?mb=4&validators=${validators}&changed`;
      await breakOffLate(path);
      site.edit(padded);
      const video = await download(path, { attempt: '2' });
      expect(video.sha256).toBe(await sha256At(path));
    },
  );

  it('is started over where nothing says of what it is a part', async () => {
    const path = `${padded}?mb=4&unknown`;
    await breakOffLate(path);
    const part = partOf(1);
    await rm(`${part}-state`);
    await writeFile(part, Buffer.alloc(3 * mb, 7));
    const video = await download(path, { attempt: '2' });
    expect(video.sha256).toBe(await sha256At(path));
  });

  it('is started over where it is as long as another one, or almost', async () => {
    const path = `${padded}?mb=4&long`;
    await breakOffLate(path);
    const part = partOf(1);
    await truncate(part, 4 * mb + 50);
    const video = await download(path, { attempt: '2' });
    expect(video.sha256).toBe(await sha256At(path));
  });

  it('is finished without being fetched again where all of it is there', async () => {
    const path = `${padded}?mb=4&all&rate=2000000`;
    await breakOffLate(path);
    const part = partOf(1);
    await writeFile(part, Buffer.from(await (await fetch(site.url + path)).arrayBuffer()));
    const before = site.requests.length;
    const video = await download(path, { attempt: '2' });
    // Without yt-dlp's first look, which takes more the slower the machine is.
    const ranged = site.requests.slice(before).filter(({ range }) => range !== undefined);
    expect(ranged.reduce((bytes, { bytesSent }) => bytes + bytesSent, 0)).toBeLessThan(mb);
    expect(video.sha256).toBe(await sha256At(path));
  });

  it('is started over at a source that ignores ranges', async () => {
    const path = `${padded}?mb=4&ranges=no`;
    await breakOffLate(path);
    const video = await download(path, { attempt: '2' });
    expect(video.sha256).toBe(await sha256At(path));
  });
});

describe('a source that breaks off', () => {
  it('is continued in one run, and started over where the file has become another one', async () => {
    const path = `${padded}?mb=4&cut=3000000`;
    void site.hold(padded, 2.9 * mb);
    const downloading = download(path);
    await hasWritten(1, 2 * mb);
    site.edit(padded);
    site.release(padded);
    const { sha256: got } = await downloading;
    expect(got).toBe(await sha256At(`${padded}?mb=4`));
  });

  it('is a failure where it is another file each time', async () => {
    const failure = await failureOf(download(`${padded}?mb=4&cut=3000000&changes=1`));
    expect(failure.code).toBe('source_unreachable');
  });

  it('is given up soon', async () => {
    const failure = await failureOf(download(`${padded}?mb=40&cut=2000000`));
    expect(failure.code).toBe('source_unreachable');
  });

  it('brings each byte about once to who persists, be he killed with -9 three times', async () => {
    const before = site.bytesSent(padded);
    const url = `${site.url}${padded}?mb=40&cut=4000000&rate=4000000`;
    // What yt-dlp's looks at the source cost depends on the machine, not on the size: npm run bench -- --only resume has the figure.
    const got = await downloadThroughKills({ tools, workDir, url, sizeBytes: 40 * mb, kills: 3 });
    expect(site.bytesSent(padded) - before).toBeLessThan(40 * mb * 1.25);
    expect(got).toBe(await sha256At(`${padded}?mb=40`));
  });

  it('is probed once by who persists, and comes to its end over many runs of yt-dlp', async () => {
    const probed = vi.fn();
    // More often than one run tries.
    const path = `${padded}?mb=5&cut=300000`;
    const video = await download(path, { persistent: true, onProbed: probed });
    expect(video.sha256).toBe(await sha256At(`${padded}?mb=5`));
    expect(probed).toHaveBeenCalledTimes(1);
  });

  it('is given up by who persists, where it brings nothing more', async () => {
    const before = site.requests.length;
    const path = `${padded}?mb=4&cut=1000000&ranges=no`;
    const failure = await failureOf(download(path, { persistent: true }));
    expect(failure.code).toBe('source_unreachable');
    expect(site.requests.length - before).toBeLessThan(40);
  });
});

describe('a source that refuses', () => {
  it.each([
    ['source_rate_limited', 'busy=1&after=7', 7],
    ['source_rate_limited', 'busy=2&after=7', 7],
    ['source_rate_limited', 'busy=2&after=Fri,%2030%20Nov%202096%2012:00:00%20GMT', 86_400],
    ['source_unreachable', 'down=1&after=7', 7],
    ['source_rate_limited', 'busy=1', undefined],
  ])('is %s by %s, to be asked again in %s s', async (code, query, retryAfterS) => {
    const failure = await failureOf(download(`${padded}?mb=2&${query}`, { persistent: true }));
    expect(failure.code).toBe(code);
    expect(failure.context.retryAfterS).toBe(retryAfterS);
  });

  it('now and then, is asked again at once', async () => {
    const path = `${padded}?mb=4&cut=1000000&down=3&after=1`;
    const video = await download(path, { persistent: true });
    expect(video.sha256).toBe(await sha256At(`${padded}?mb=4`));
  });
});

describe('a stream in segments', () => {
  const stream = '/hls/medium.m3u8';
  const segments = [0, 1, 2, 3, 4].map((n) => `/hls/medium${n}.ts`);
  const sent = () => segments.reduce((bytes, path) => bytes + site.bytesSent(path), 0);
  /** As it comes undisturbed. */
  const undisturbed = async (): Promise<string> => (await download(stream, { jobId: 'other' })).sha256;
  const breakOffAtFour = () => breakOff(stream, ['/hls/medium4.ts', 100_000], 700_000);

  it('is whole where each segment breaks off', async () => {
    const wanted = await download('/hls/medium.m3u8?mb=0.5', { jobId: 'other' });
    const video = await download('/hls/medium.m3u8?mb=0.5&cut=200000');
    expect(video.sha256).toBe(wanted.sha256);
  });

  it('is continued after kill -9 amid a segment', async () => {
    await breakOffAtFour();
    const before = sent();
    const video = await download(stream, { attempt: '2' });
    const fetched = sent() - before;
    expect(video.sha256).toBe(await undisturbed());
    // Of five segments, the last and the one before it.
    expect(fetched).toBeLessThan(0.6 * (sent() - before - fetched));
  });

  const crashes: [string, () => Promise<void>][] = [
    [
      'a segment was half appended',
      async () => {
        const segment = Buffer.from(await (await fetch(`${site.url}/hls/medium3.ts`)).arrayBuffer());
        await writeFile(partOf(1), segment.subarray(0, 200_000), { flag: 'a' });
      },
    ],
    ['the count was not written to its end', () => writeFile(join(sourceOf(1), 'media.mp4.ytdl'), '{"down')],
    [
      'the count ran ahead',
      () =>
        writeFile(
          join(sourceOf(1), 'media.mp4.ytdl'),
          JSON.stringify({ downloader: { current_fragment: { index: 5 }, fragment_count: 5 } }),
        ),
    ],
    ['the count was removed', () => rm(join(sourceOf(1), 'media.mp4.ytdl'))],
    ['the file is shorter than it was', () => truncate(partOf(1), 1000)],
    ['nothing says how far it was', () => rm(`${partOf(1)}-state`)],
  ];
  it.each(crashes)('is right where %s', async (_name, crash) => {
    await breakOffAtFour();
    await crash();
    const video = await download(stream, { attempt: '2' });
    expect(video.sha256).toBe(await undisturbed());
  });

  it('is started over where its segments have become others', async () => {
    await breakOffAtFour();
    for (const path of segments) site.edit(path);
    const before = site.requests.length;
    const video = await download(stream, { attempt: '2' });
    // They play as before: that they are others is in what no player shows.
    const fetched = new Set(site.requests.slice(before).map(({ path }) => path));
    expect([...fetched].filter((path) => segments.includes(path)).sort()).toEqual(segments);
    expect(video.sha256).toBe(await undisturbed());
  });
});

describe('a yt-dlp that does not take our plug-in', () => {
  it('downloads all the same, and the log says so', async () => {
    const ytDlpPath = join(workDir, 'yt-dlp');
    await writeFile(ytDlpPath, `#!/bin/sh\nYTDLP_NO_PLUGINS=1 exec ${tools.ytDlp} "$@"\n`, { mode: 0o755 });
    const warn = vi.fn();
    const log = { debug: silent, info: silent, warn };
    const video = await download('/clip.mp4', {}, { ytDlpPath, log });
    expect(video.sha256).toBe(await sha256At('/clip.mp4'));
    expect(warn).toHaveBeenCalledWith({ jobId: 'job' }, expect.stringContaining('plug-in'));
  });

  it('is told from one that does', async () => {
    const warn = vi.fn();
    await download('/clip.mp4', {}, { log: { debug: silent, info: silent, warn } });
    expect(warn).not.toHaveBeenCalled();
  });
});
