import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { surroundings } from '../config.ts';
import { withInstallLock } from '../tools/install-lock.ts';
import { runStep } from '../tools/run-step.ts';

const source = (pattern: string, size: string, seconds: number) => [
  ...['-f', 'lavfi', '-i', `${pattern}=size=${size}:rate=25:duration=${seconds}`],
];
const picture = (size: string, seconds: number) => source('testsrc2', size, seconds);
const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
const faststart = ['-movflags', '+faststart'];
const titled = (title: string) => ['-metadata', `title=${title}`, '-metadata', 'artist=Sample site'];

const segmented = (size: string) => [
  ...[...picture(size, 5), ...tone(5), ...h264, '-g', '25', ...aac],
  ...['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod', '-hls_flags', 'independent_segments'],
];

/** What ffmpeg makes, in this order: name → arguments before it. */
const recipes: Readonly<Record<string, readonly string[]>> = {
  'clip.mp4': [...picture('640x360', 4), ...tone(4), ...h264, ...aac, ...faststart, ...titled('Sample clip')],
  // Neither codec plays in Telegram: it has to be transcoded.
  'film.webm': [
    ...[...picture('320x180', 3), ...tone(3)],
    ...['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '300k', '-c:a', 'libopus'],
    ...titled('Sample film'),
  ],
  // The constant bit rate brings about its size: 100 kB a second as it is served are some 15 s.
  'slow.mp4': [
    ...[...picture('640x360', 4), ...tone(4)],
    ...[...h264, '-b:v', '3M', '-minrate', '3M', '-maxrate', '3M', '-bufsize', '1M'],
    ...['-x264-params', 'nal-hrd=cbr', ...aac, ...faststart, ...titled('Slow clip')],
  ],
  'big.mp4': [
    ...[...picture('1280x720', 4), ...tone(4)],
    // A key frame each second: it can be split.
    ...[...h264, '-g', '25', '-b:v', '20.5M', '-minrate', '20.5M', '-maxrate', '20.5M', '-bufsize', '2M'],
    ...['-x264-params', 'nal-hrd=cbr', ...aac, ...faststart, ...titled('Big clip')],
  ],
  'song.mp3': [...tone(5), '-c:a', 'libmp3lame', '-b:a', '128k', ...titled('Sample song')],
  'silent.mp4': [...picture('320x180', 3), ...h264, ...faststart, ...titled('Silent clip')],
  // What /watch?v= shows: two that are told apart by picture, size and duration.
  'aaa.mp4': [...source('smptebars', '320x240', 2), ...tone(2), ...h264, ...aac, ...faststart],
  'bbb.mp4': [...source('rgbtestsrc', '240x320', 3), ...tone(3), ...h264, ...aac, ...faststart],
  // A picture every ten seconds for four hours and ten minutes.
  'long.mp4': [
    ...['-f', 'lavfi', '-i', 'color=size=16x16:rate=1/10:duration=15000', ...h264, '-g', '1000'],
    ...[...faststart, ...titled('Long clip')],
  ],
  'hls/low.m3u8': segmented('320x180'),
  'hls/medium.m3u8': segmented('640x360'),
  'hls/high.m3u8': segmented('1280x720'),
};

const masterPlaylist = (variants: Readonly<Record<string, string>>): string =>
  `#EXTM3U\n#EXT-X-VERSION:6\n${Object.entries(variants)
    .map(([name, about]) => `#EXT-X-STREAM-INF:${about},CODECS="avc1.42c01e,mp4a.40.2"\n${name}.m3u8\n`)
    .join('')}`;

const low = { low: 'BANDWIDTH=400000,RESOLUTION=320x180' };
const medium = { medium: 'BANDWIDTH=900000,RESOLUTION=640x360' };
const high = { high: 'BANDWIDTH=3000000,RESOLUTION=1280x720' };

/** Changes with the recipes, so that a cache of older ones is not taken for theirs. */
const edition = 'sample-site-3';

const isWhole = (folder: string): boolean => {
  try {
    return readFileSync(join(folder, 'whole'), 'utf8') === edition;
  } catch {
    // Not made yet.
    return false;
  }
};

export interface SampleFilesOptions {
  /** Absolute path; makes the files where they are not in the cache yet. */
  ffmpeg: string;
  say?: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/** The folder of the sample files; ffmpeg makes them once, in about 10 s, and they are kept in the user's cache. */
export const ensureSampleFiles = async (options: SampleFilesOptions): Promise<string> => {
  const { cacheDir, path } = surroundings();
  const folder = join(cacheDir, edition);
  if (isWhole(folder)) return folder;
  return await withInstallLock({ folder: cacheDir, name: edition, signal: options.signal }, async () => {
    if (isWhole(folder)) return folder;
    options.say?.('Making the sample videos with ffmpeg, once…');
    const draft = `${folder}.${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(join(draft, 'hls'), { recursive: true });
    for (const [name, args] of Object.entries(recipes))
      await runStep(options.ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args, join(draft, name)], {
        env: { PATH: path },
        cwd: draft,
        signal: options.signal,
      });
    writeFileSync(join(draft, 'hls', 'master.m3u8'), masterPlaylist(medium));
    writeFileSync(join(draft, 'hls', 'ladder.m3u8'), masterPlaylist({ ...low, ...medium, ...high }));
    writeFileSync(join(draft, 'whole'), edition);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    return folder;
  });
};
