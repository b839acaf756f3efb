import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, inject, it, vi } from 'vitest';
import type { DownloadOrder } from '../src/index.ts';
import { useDownloads } from './download-stage.ts';

const tools = inject('tools');
const run = promisify(execFile);
const stage = useDownloads();
const { order } = stage;

/** Another process of ours that downloads, as attempt 1. */
const startOwner = (ytDlp: string, path: string): ChildProcess =>
  spawn(
    process.execPath,
    [
      fileURLToPath(new URL('fixtures/downloading-owner.ts', import.meta.url)),
      ...[ytDlp, tools.ffmpeg, tools.ffprobe, stage.workDir, stage.site.url + path, '1'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );

/** Of the processes that still run. */
const states = async (pids: string[]): Promise<string[]> =>
  (await run('ps', ['-o', 'stat=', '-p', pids.join(',')]).catch(() => ({ stdout: '' }))).stdout
    .split('\n')
    .filter((state) => state.trim() !== '' && !state.startsWith('Z'));

const sourceOf = (attempt: number): string => join(stage.workDir, `job.${attempt}`, 'source');

const partSize = async (attempt: number): Promise<number> =>
  (await stat(join(sourceOf(attempt), 'media.mp4.part'))).size;

const bytesOf = async (path: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(stage.site.url + path)).arrayBuffer());

const half = (more: Partial<DownloadOrder> = {}): DownloadOrder =>
  order('/half.mp4', { signal: new AbortController().signal, ...more });

/** Resolves while nothing more comes. */
const hasHalf = (attempt: number): Promise<void> =>
  vi.waitFor(async () => expect(await partSize(attempt)).toBeGreaterThan(10_000), 60_000);

/** An attempt that ends with half of the file. */
const leaveHalf = async (attempt = '1'): Promise<number> => {
  const stop = new AbortController();
  const downloading = stage.downloader().download(half({ attempt, signal: stop.signal }));
  const ended = expect(downloading).rejects.toMatchObject({ name: 'AbortError' });
  await hasHalf(Number(attempt));
  stop.abort();
  await ended;
  return partSize(Number(attempt));
};

describe('download that is interrupted', () => {
  it('ends by the signal with its reason, and so does yt-dlp', async () => {
    const closed = stage.site.closed('/drip.mp4');
    const downloading = stage
      .downloader()
      .download(
        order('/drip.mp4', { onProgress: ({ bytes }) => bytes !== undefined && stage.stopped.abort() }),
      );
    await expect(downloading).rejects.toMatchObject({ name: 'AbortError' });
    await closed;
    await expect(stage.downloader().download(order('/fast.mp4'))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it.each(['1', '2'])(
    'goes on from the bytes that attempt 1 has when attempt %s is made',
    async (attempt) => {
      const size = await leaveHalf();
      const video = await stage.downloader().download(half({ attempt }));
      expect(stage.site.ranges).toEqual([['/half.mp4', `bytes=${size}-`]]);
      expect((await readFile(video.path)).equals(await bytesOf('/large.mp4'))).toBe(true);
      expect(await readdir(stage.workDir)).toEqual([`job.${attempt}`]);
    },
  );

  it('goes on from the bytes of a process that was killed with -9', async () => {
    const owner = startOwner(tools.ytDlp, '/half.mp4');
    await hasHalf(1);
    const group = await readFile(join(stage.workDir, 'job.1', 'yt-dlp.pid'), 'utf8');
    const exited = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exited;
    await vi.waitFor(async () => expect(await states([group])).toEqual([]));
    const size = await partSize(1);
    const video = await stage.downloader().download(half({ attempt: '2' }));
    expect(stage.site.ranges).toEqual([['/half.mp4', `bytes=${size}-`]]);
    expect((await readFile(video.path)).equals(await bytesOf('/large.mp4'))).toBe(true);
    expect(await readdir(stage.workDir)).toEqual(['job.2']);
  });

  it('starts anew while the process of an earlier attempt may still go on, stopped though it is', async () => {
    const owner = startOwner(tools.ytDlp, '/half.mp4');
    await hasHalf(1);
    owner.kill('SIGSTOP');
    try {
      const downloader = stage.downloader();
      const second = downloader.download(order('/half.mp4', { attempt: '2' }));
      await hasHalf(2);
      stage.stopped.abort();
      await expect(second).rejects.toMatchObject({ name: 'AbortError' });
      expect(stage.site.ranges).toEqual([]);
      expect(await partSize(1)).toBeGreaterThan(10_000);
      expect(await downloader.sweep(0)).toEqual(['job.2']);
      await downloader.discard('job', '3');
      expect(await readdir(stage.workDir)).toEqual(['job.1']);
      await expect(downloader.download(half())).rejects.toThrow('belongs to another process');
    } finally {
      const exited = once(owner, 'exit');
      owner.kill('SIGKILL');
      await exited;
    }
  });

  it('starts anew where the yt-dlp of a dead process may still write', async () => {
    await leaveHalf();
    const folder = join(stage.workDir, 'job.1');
    await writeFile(
      join(folder, 'owner.json'),
      JSON.stringify({ pid: 2 ** 30, host: hostname(), startedAt: '1' }),
    );
    const writer = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    await writeFile(join(folder, 'yt-dlp.pid'), String(writer.pid));
    await stage.downloader().download(order('/fast.mp4', { attempt: '2' }));
    expect((await readdir(stage.workDir)).sort()).toEqual(['job.1', 'job.2']);
    const exited = once(writer, 'exit');
    writer.kill();
    await exited;
    await stage.downloader().download(half({ attempt: '3' }));
    expect(stage.site.ranges).toHaveLength(1);
    expect(await readdir(stage.workDir)).toEqual(['job.3']);
  });

  it('leaves alone what another host has', async () => {
    await leaveHalf();
    const label = join(stage.workDir, 'job.1', 'owner.json');
    const owner = JSON.parse(await readFile(label, 'utf8')) as object;
    await writeFile(label, JSON.stringify({ ...owner, host: 'another-host' }));
    await stage.downloader().download(order('/fast.mp4', { attempt: '2' }));
    expect((await readdir(stage.workDir)).sort()).toEqual(['job.1', 'job.2']);
  });

  it('gives the bytes of an earlier attempt to one of two that want them', async () => {
    const size = await leaveHalf();
    const downloader = stage.downloader();
    const both = ['2', '3'].map((attempt) => downloader.download(order('/half.mp4', { attempt })));
    const settled = Promise.allSettled(both);
    const video = await Promise.any(both);
    stage.stopped.abort();
    await settled;
    expect(stage.site.ranges).toEqual([['/half.mp4', `bytes=${size}-`]]);
    expect((await readFile(video.path)).equals(await bytesOf('/large.mp4'))).toBe(true);
  });

  it('fetches nothing again where an earlier attempt has all of it', async () => {
    const downloader = stage.downloader();
    await downloader.download(order('/large.mp4'));
    const { ino, mtimeMs } = await stat(join(sourceOf(1), 'media.mp4'));
    const video = await downloader.download(order('/large.mp4', { attempt: '2' }));
    expect(video).toMatchObject({ title: 'large', path: join(sourceOf(2), 'media.mp4') });
    expect(await stat(video.path)).toMatchObject({ ino, mtimeMs });
  });

  it('never continues one URL with the bytes of another', async () => {
    const downloader = stage.downloader();
    await downloader.download(order('/large.mp4'));
    const video = await downloader.download(order('/fast.mp4', { attempt: '2' }));
    expect((await readFile(video.path)).equals(await bytesOf('/fast.mp4'))).toBe(true);
    expect(await readdir(stage.workDir)).toEqual(['job.2']);
  });

  it('runs a job once at a time', async () => {
    const downloader = stage.downloader();
    const first = downloader.download(order('/silence'));
    await expect(downloader.download(order('/fast.mp4'))).rejects.toThrow('is running already');
    stage.stopped.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('leaves no yt-dlp behind when our process is killed with -9', async () => {
    const owner = startOwner(tools.ytDlp, '/drip.mp4');
    await once(owner.stdout!, 'data');
    const closed = stage.site.closed('/drip.mp4');
    owner.kill('SIGKILL');
    await closed;
  });

  it('leaves nothing behind that yt-dlp has started when our process is killed with -9', async () => {
    const pidFile = join(stage.workDir, 'pids');
    const parent = join(stage.workDir, 'parent');
    // In place of yt-dlp with an ffmpeg, neither of which listens to TERM.
    await writeFile(parent, `#!/bin/sh\ntrap '' TERM\nsleep 300 &\necho $$ $! > ${pidFile}\nwait\nwait\n`);
    await chmod(parent, 0o755);
    const owner = startOwner(parent, '/fast.mp4');
    const pids = await vi.waitFor(async () => {
      const text = await readFile(pidFile, 'utf8');
      expect(text).toMatch(/^\d+ \d+\n$/);
      return text.trim().split(' ');
    });
    expect(await states(pids)).toHaveLength(2);
    owner.kill('SIGKILL');
    await vi.waitFor(async () => expect(await states(pids)).toEqual([]));
  });
});

describe('job folders', () => {
  it('are removed when they are discarded, once and twice, with what earlier attempts left', async () => {
    const downloader = stage.downloader();
    await downloader.download(order('/fast.mp4'));
    await downloader.download(order('/fast.mp4', { jobId: 'other' }));
    expect((await readdir(stage.workDir)).sort()).toEqual(['job.1', 'other.1']);
    await downloader.discard('job', '2');
    await downloader.discard('other', '1');
    await downloader.discard('other', '1');
    expect(await readdir(stage.workDir)).toEqual([]);
  });

  it('are swept when nothing has changed in them for long, but not while they run', async () => {
    // It is to wait for longer than the others take.
    const downloader = stage.downloader({ socketTimeoutS: 300 });
    const running = downloader.download(order('/silence', { jobId: 'running' }));
    for (const jobId of ['old', 'recent']) await downloader.download(order('/fast.mp4', { jobId }));
    const yesterday = new Date(Date.now() - 24 * 3600 * 1000);
    const old = join(stage.workDir, 'old.1');
    for (const name of [...(await readdir(old, { recursive: true })), '.'])
      await utimes(join(old, name), yesterday, yesterday);
    expect(await downloader.sweep(3600 * 1000)).toEqual(['old.1']);
    expect((await readdir(stage.workDir)).sort()).toEqual(['recent.1', 'running.1']);
    expect(await downloader.sweep(0)).toEqual(['recent.1']);
    stage.stopped.abort();
    await expect(running).rejects.toThrow();
  });

  it('are swept where the removal of one was interrupted, and never continued', async () => {
    await leaveHalf();
    const aside = 'job.1~00000000-0000-4000-8000-000000000000';
    await rename(join(stage.workDir, 'job.1'), join(stage.workDir, aside));
    const downloader = stage.downloader();
    await downloader.download(order('/fast.mp4', { attempt: '2' }));
    expect(await downloader.sweep(0)).toEqual(expect.arrayContaining([aside]));
    expect(await readdir(stage.workDir)).toEqual([]);
  });

  it.each([
    ['', '1'],
    ['..', '1'],
    ['a/b', '1'],
    ['.x', '1'],
    ['a', ''],
    ['a', '1.2'],
    ['a', '~'],
  ])('are not made for the job %j and its attempt %j', async (jobId, attempt) => {
    await expect(stage.downloader().download(order('/fast.mp4', { jobId, attempt }))).rejects.toThrow(
      TypeError,
    );
  });
});
