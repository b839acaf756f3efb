import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDirectoryStore, createSplitter } from '@heavy/media';
import { ensureTools } from '@heavy/stack';
import { writeSparseVideo } from '../packages/media/test/fixtures/sparse-video.ts';
import { type Bench, row } from './row.ts';

const neededBytes = 12e9;
const limitBytes = 4000 * 512 * 1024;
const pictures = 500;
const pictureBytes = 10_000_000;

/** A video of 5 GB, most of which is a hole, in parts for an account without premium; each is played at both ends. */
export const split: Bench = {
  name: 'split',
  run: async (say) => {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    try {
      const { bavail, bsize } = await statfs(dir);
      if (bavail * bsize < neededBytes) {
        say(`left out: it needs ${neededBytes / 1e9} GB under ${tmpdir()}`);
        return [];
      }
      const { ffmpeg, ffprobe } = await ensureTools({ say });
      const run = promisify(execFile);
      const jpeg = async (color: string): Promise<Buffer> => {
        const args = ['-f', 'lavfi', '-i', `color=${color}:s=64x64`, '-frames:v', '1', '-f', 'image2pipe'];
        const { stdout } = await run(ffmpeg, ['-v', 'error', ...args, '-c:v', 'mjpeg', '-'], {
          encoding: 'buffer',
        });
        return stdout;
      };
      const path = join(dir, 'film.mov');
      const { sizeBytes } = await writeSparseVideo({
        ...{
          path,
          jpegs: [await jpeg('red'), await jpeg('blue')],
          width: 64,
          height: 64,
          pictures,
          pictureBytes,
        },
      });
      const store = { ...createDirectoryStore({ dir: join(dir, 'store') }), pathOf: async () => path };
      const splitter = createSplitter({
        store,
        ffmpegPath: ffmpeg,
        ffprobePath: ffprobe,
        workDir: join(dir, 'work'),
      });
      const { signal } = new AbortController();
      const startedAt = performance.now();
      let [seconds, largest, plannedMs] = [0, 0, 0];
      const count = await splitter.splitting({ key: 'film.mov', sizeBytes }, async (video) => {
        const parts = await video.plan(limitBytes, signal);
        plannedMs = performance.now() - startedAt;
        for (const part of parts)
          await video.withPart(part, limitBytes, signal, async (made) => {
            largest = Math.max(largest, made.sizeBytes);
            const entries = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', made.path];
            seconds += Number((await run(ffprobe, entries)).stdout);
            for (const place of [[], ['-sseof', '-1']]) {
              const play = [
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
              ];
              await run(ffmpeg, play);
            }
          });
        return parts.length;
      });
      const tookS = (performance.now() - startedAt) / 1000;
      say(
        `${count} parts, the largest of ${largest} bytes, ${seconds} s of play; planned in ${(plannedMs / 1000).toFixed(0)} s`,
      );
      return [
        row('5 GB video: split into parts that play', tookS, 's'),
        row('5 GB video: its parts over its duration', seconds, 's', pictures, { atLeast: 1, atMost: 1 }),
        row('5 GB video: largest part over the limit', largest, 'bytes', limitBytes, { atMost: 1 }),
      ];
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};
