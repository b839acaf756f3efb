import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { isFastStart } from '../src/ffmpeg/fast-start.ts';
import {
  CannotSplit,
  createDirectoryStore,
  createSplitter,
  PartTooLarge,
  type SplitterOptions,
  type VideoPart,
} from '../src/index.ts';
import { writeSparseVideo } from './fixtures/sparse-video.ts';

const { ffmpeg, ffprobe } = inject('tools');
const run = async (command: string, args: string[]): Promise<string> =>
  (await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' })).stdout;
const never = new AbortController().signal;

let dir: string;
let film: string;
let workDir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-splitter-'));
  film = join(dir, 'film.mp4');
  // Pictures out of order, key frames every two seconds, and sound.
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=30', '-f', 'lavfi', '-i', 'sine=d=30'];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '50', '-pix_fmt', 'yuv420p'];
  await run(ffmpeg, ['-v', 'error', ...pictures, ...codecs, '-c:a', 'aac', '-movflags', '+faststart', film]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  workDir = await mkdtemp(join(dir, 'work-'));
});

/** A store that has that file under every key, and not as a file of this machine. */
const remote = (path: string): SplitterOptions['store'] => ({ read: async () => createReadStream(path) });
const splitterOf = (store: SplitterOptions['store'], more: Partial<SplitterOptions> = {}) =>
  createSplitter({ store, ffmpegPath: ffmpeg, ffprobePath: ffprobe, workDir, ...more });
const objectOf = async (path: string) => ({ key: 'video/film.mp4', sizeBytes: (await stat(path)).size });

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

/** One checksum for each picture, in the order in which they are shown. */
const picturesOf = async (path: string): Promise<string[]> => {
  const text = await run(ffmpeg, ['-v', 'error', '-i', path, '-map', '0:v', '-f', 'framemd5', '-']);
  return text.split('\n').flatMap((line) => (line.startsWith('0,') ? [line.split(',').at(-1)!.trim()] : []));
};
const secondsOf = async (path: string): Promise<number> =>
  Number(await run(ffprobe, ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path]));
/** Seconds from the first sound to the first picture. */
const soundLead = async (path: string): Promise<number> => {
  const [video = 0, audio = 0] = await Promise.all(
    ['v', 'a'].map(async (stream) => {
      const entries = [
        '-select_streams',
        stream,
        '-show_entries',
        'packet=pts_time',
        '-read_intervals',
        '%+#1',
      ];
      return Number.parseFloat(await run(ffprobe, ['-v', 'error', ...entries, '-of', 'csv=p=0', path]));
    }),
  );
  return video - audio;
};

describe('createSplitter', () => {
  it('makes parts that play, with every picture of the whole once and the sound where it belongs', async () => {
    const object = await objectOf(film);
    const limit = Math.ceil(object.sizeBytes / 3);
    const pictures: string[] = [];
    const leads: number[] = [];
    await splitterOf(remote(film)).splitting(object, async (video) => {
      const parts = await video.plan(limit, never);
      expect(parts.length).toBeGreaterThanOrEqual(4);
      for (const part of parts)
        await video.withPart(part, limit, never, async ({ path, sizeBytes }) => {
          expect(sizeBytes).toBeLessThanOrEqual(limit);
          expect(sizeBytes).toBeLessThanOrEqual(part.sizeBytes);
          expect(await isFastStart(path)).toBe(true);
          const planned = (part.toS ?? 30) - part.fromS;
          expect(Math.abs((await secondsOf(path)) - planned)).toBeLessThan(0.3);
          leads.push(await soundLead(path));
          pictures.push(...(await picturesOf(path)));
          // The source, one part, and whose folder it is.
          expect(await filesIn(workDir)).toHaveLength(4);
        });
      expect(await video.plan(limit, never)).toEqual(parts);
    });
    expect(pictures).toEqual(await picturesOf(film));
    // From part to part the sound begins with the packet that reaches into it.
    for (const lead of leads) expect(Math.abs(lead)).toBeLessThan(0.15);
    expect(await filesIn(workDir)).toEqual([]);
  });

  it('takes the file of a directory store as it is, and keeps it when the store deletes it', async () => {
    const store = createDirectoryStore({ dir: join(dir, 'store') });
    const { key, sizeBytes } = await store.put(
      'video/film.mp4',
      { path: film },
      { type: 'video/mp4', metadata: {} },
    );
    await splitterOf(store).splitting({ key, sizeBytes }, async (video) => {
      const [first] = await video.plan(sizeBytes / 2, never);
      await store.delete(key);
      const read = await video.withPart(first!, sizeBytes / 2, never, ({ path }) => secondsOf(path));
      expect(read).toBeCloseTo(first!.toS!, 0);
    });
  });

  it('splits a part again that turns out too large', async () => {
    const object = await objectOf(film);
    await splitterOf(remote(film)).splitting(object, async (video) => {
      const [, second] = await video.plan(object.sizeBytes / 2, never);
      const making = video.withPart(second!, second!.sizeBytes / 2, never, async () => undefined);
      await expect(making).rejects.toThrow(PartTooLarge);
      const halves = await video.planAgain(second!, never);
      expect(halves.map(({ fromS, toS }) => [fromS, toS])).toEqual([
        [second!.fromS, halves[1]!.fromS],
        [halves[1]!.fromS, second!.toS],
      ]);
      for (const half of halves) await video.withPart(half, object.sizeBytes, never, async () => undefined);
    });
  });

  it('splits a video of 1.2 GB in little time and memory, without encoding', {
    timeout: 300_000,
  }, async () => {
    const path = join(dir, 'sparse.mov');
    onTestFinished(() => rm(path, { force: true }));
    const jpegs = await Promise.all(
      ['red', 'blue'].map(async (color) => {
        const args = ['-f', 'lavfi', '-i', `color=${color}:s=64x64`, '-frames:v', '1', '-f', 'image2pipe'];
        const options = { encoding: 'buffer' } as const;
        return (await promisify(execFile)(ffmpeg, ['-v', 'error', ...args, '-c:v', 'mjpeg', '-'], options))
          .stdout;
      }),
    );
    const { sizeBytes } = await writeSparseVideo({
      ...{ path, jpegs, width: 64, height: 64, pictures: 240, pictureBytes: 5_000_000 },
    });
    const limit = 500_000_000;
    let seconds = 0;
    const linked = { ...remote(path), pathOf: async () => path };
    await splitterOf(linked).splitting({ key: 'video/sparse.mov', sizeBytes }, async (video) => {
      const parts = await video.plan(limit, never);
      expect(parts).toHaveLength(3);
      for (const part of parts)
        await video.withPart(part, limit, never, async (made) => {
          expect(made.sizeBytes).toBeLessThanOrEqual(limit);
          seconds += await secondsOf(made.path);
          for (const place of [[], ['-sseof', '-1']])
            await run(ffmpeg, [
              '-v',
              'error',
              '-xerror',
              ...place,
              '-i',
              made.path,
              '-frames:v',
              '1',
              '-f',
              'null',
              '-',
            ]);
        });
    });
    expect(seconds).toBe(240);
  });

  const obstacles: [
    string,
    string,
    () => Promise<{ path: string; limit?: number; more?: Partial<SplitterOptions> }>,
  ][] = [
    ['a video with a stretch over the limit', 'video', async () => ({ path: film, limit: 100_000 })],
    [
      'what is no video',
      'video',
      async () => {
        const path = join(dir, 'noise.mp4');
        await writeFile(path, Buffer.alloc(1_000_000, 7));
        return { path };
      },
    ],
    [
      'a machine without ffmpeg',
      'tools',
      async () => ({ path: film, more: { ffprobePath: '/nowhere/ffprobe' } }),
    ],
  ];
  it.each(obstacles)('says of %s that it cannot be split, and leaves nothing', async (_, obstacle, given) => {
    const { path, limit = 500_000, more = {} } = await given();
    const planning = splitterOf(remote(path), more).splitting(await objectOf(path), (video) =>
      video.plan(limit, never),
    );
    await expect(planning).rejects.toMatchObject({ name: 'CannotSplit', obstacle });
    expect(await filesIn(workDir)).toEqual([]);
  });

  it('says so where the disk has no room for it', async () => {
    const planning = splitterOf(remote(film)).splitting({ key: 'video/film.mp4', sizeBytes: 1e15 }, (video) =>
      video.plan(1e14, never),
    );
    await expect(planning).rejects.toMatchObject({ name: 'CannotSplit', obstacle: 'disk' });
    const object = await objectOf(film);
    const huge: VideoPart = { fromS: 0, sizeBytes: 1e15, firstGopS: 2 };
    const making = splitterOf(remote(film)).splitting(object, (video) =>
      video.withPart(huge, 1e15, never, async () => undefined),
    );
    await expect(making).rejects.toThrow(CannotSplit);
  });

  it('ends ffmpeg, and leaves nothing, where it is aborted', async () => {
    const stop = new AbortController();
    const object = await objectOf(film);
    const making = splitterOf(remote(film)).splitting(object, async (video) => {
      const [first] = await video.plan(object.sizeBytes / 2, never);
      const made = video.withPart(first!, object.sizeBytes, stop.signal, async () => 'made');
      stop.abort(new Error('stopping'));
      return made;
    });
    await expect(making).rejects.toThrow('stopping');
    expect(await filesIn(workDir)).toEqual([]);
  });

  it('sweeps away what a process that is no more has left', async () => {
    const left = join(workDir, `${'a'.repeat(64)}.old`);
    await copyFile(film, join(dir, 'x'));
    await promisify(execFile)('mkdir', ['-p', join(left, 'output')]);
    const { hostname } = await import('node:os');
    await writeFile(
      join(left, 'owner.json'),
      JSON.stringify({ pid: 2 ** 22, host: hostname(), startedAt: '1' }),
    );
    await (await open(join(left, 'output', 'part.mp4'), 'w')).close();
    await splitterOf(remote(film)).sweep();
    expect(await readdir(workDir)).toEqual([]);
  });
});
