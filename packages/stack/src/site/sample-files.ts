import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { surroundings } from '../config.ts';
import { withInstallLock } from '../tools/install-lock.ts';
import { runStep } from '../tools/run-step.ts';

const picture = (size: string, seconds: number) => [
  ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds}`],
];
const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];
const faststart = ['-movflags', '+faststart'];
const titled = (title: string) => ['-metadata', `title=${title}`, '-metadata', 'artist=Sample site'];

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
    ...[...h264, '-b:v', '20.5M', '-minrate', '20.5M', '-maxrate', '20.5M', '-bufsize', '2M'],
    ...['-x264-params', 'nal-hrd=cbr', ...aac, ...faststart, ...titled('Big clip')],
  ],
  'song.mp3': [...tone(5), '-c:a', 'libmp3lame', '-b:a', '128k', ...titled('Sample song')],
  'silent.mp4': [...picture('320x180', 3), ...h264, ...faststart, ...titled('Silent clip')],
  'hls/medium.m3u8': [
    ...[...picture('640x360', 5), ...tone(5), ...h264, '-g', '25', ...aac],
    ...['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod', '-hls_flags', 'independent_segments'],
  ],
};

const masterPlaylist = `#EXTM3U
#EXT-X-VERSION:6
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.42c01e,mp4a.40.2"
medium.m3u8
`;

/** Changes with the recipes, so that a cache of older ones is not taken for theirs. */
const edition = 'sample-site-1';

const isWhole = (folder: string): boolean => {
  try {
    return readFileSync(join(folder, 'whole'), 'utf8') === edition;
  } catch {
    // Not made yet.
    return false;
  }
};

/** The folder of the sample files; ffmpeg makes them once, in about 10 s, and they are kept in the user's cache. */
export const ensureSampleFiles = async (options: {
  ffmpeg: string;
  say?: (line: string) => void;
  signal?: AbortSignal | undefined;
}): Promise<string> => {
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
    writeFileSync(join(draft, 'hls', 'master.m3u8'), masterPlaylist);
    writeFileSync(join(draft, 'whole'), edition);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    return folder;
  });
};
