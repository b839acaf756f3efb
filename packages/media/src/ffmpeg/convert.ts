import { rm } from 'node:fs/promises';
import { isFastStart } from './fast-start.ts';
import { type Probe, probe } from './probe.ts';
import { type FfmpegTools, runTool, ToolFailed, untrustedInput } from './run-tool.ts';
import { encodedSize, type VideoPlan, videoPlan } from './video-plan.ts';

/** How far a conversion is: 0 to 1, and the seconds it will still take. */
export type OnConverted = (fraction: number, etaS: number) => void;

const quiet = ['-v', 'error', '-nostdin', '-y', '-progress', 'pipe:1', '-nostats', '-stats_period', '0.5'];

/** Reads the `key=value` lines of ffmpeg's -progress. */
const progressReader = (
  durationS: number,
  onConverted: OnConverted | undefined,
): ((line: string) => void) => {
  const startedAt = performance.now();
  return (line) => {
    const microseconds = Number(/^out_time_us=(\d+)$/.exec(line)?.[1]);
    if (!onConverted || !(durationS > 0) || !(microseconds > 0)) return;
    const fraction = Math.min(1, microseconds / 1e6 / durationS);
    onConverted(fraction, ((performance.now() - startedAt) / 1000) * (1 / fraction - 1));
  };
};

const videoArguments = ({ video }: VideoPlan): string[] =>
  video === 'copy'
    ? ['-c:v', 'copy']
    : [
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-profile:v', 'high'],
        // Rotation has been applied by then; the size has the shape of the picture as shown.
        ...['-vf', `scale=${video.width}:${video.height}:flags=bicubic,setsar=1,format=yuv420p`],
      ];

const audioArguments = ({ audio }: VideoPlan): string[] =>
  audio === 'encode' ? ['-c:a', 'aac', '-b:a', '160k', '-ac', '2'] : ['-c:a', 'copy'];

/** Tries one way after the other; only a tool that fails makes it try the next. */
const firstThatWorks = async <T>(
  ways: readonly T[],
  to: string,
  attempt: (way: T) => Promise<Probe>,
): Promise<Probe> => {
  let failure: ToolFailed | undefined;
  for (const way of ways) {
    try {
      return await attempt(way);
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      failure = error;
      await rm(to, { force: true });
    }
  }
  throw failure ?? new ToolFailed('there was no way to try');
};

/** ffmpeg ends well over files from which nothing can be read. */
const written = async (tools: FfmpegTools, path: string, stream: 'video' | 'audio'): Promise<Probe> => {
  const result = await probe(tools, path);
  if (!result[stream] || result.durationS === 0) throw new ToolFailed(`no ${stream} could be read`);
  return result;
};

/**
 * Makes `from` a video that Telegram plays inline, doing as little as it takes: nothing, a new container at `to`, or a
 * new encoding at `to`. Returns where the video is and what is in it.
 * @throws {ToolFailed} where none can be made.
 */
export const convertToVideo = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  source: Probe,
  onConverted?: OnConverted,
): Promise<{ path: string; probe: Probe }> => {
  const plan = videoPlan(source);
  if (!source.video || !plan) throw new ToolFailed('there are no pictures');
  if (plan.isContainerFine && source.durationS > 0 && (await isFastStart(from)))
    return { path: from, probe: source };
  const maps = [source.video, source.audio].flatMap((one) => (one ? ['-map', `0:${one.index}`] : []));
  // A stream that cannot be copied into mp4 after all (broken time stamps, missing headers) is encoded.
  const encodeAll: VideoPlan = {
    ...plan,
    video: encodedSize(source.video),
    audio: source.audio ? 'encode' : 'none',
  };
  const isCopying = plan.video === 'copy' || plan.audio === 'copy';
  const result = await firstThatWorks(isCopying ? [plan, encodeAll] : [plan], to, async (way) => {
    await runTool(
      tools.ffmpegPath,
      [
        ...quiet,
        ...untrustedInput,
        ...['-i', `file:${from}`, ...maps, '-map_metadata', '-1', '-map_chapters', '-1'],
        ...videoArguments(way),
        ...audioArguments(way),
        ...['-max_muxing_queue_size', '4096', '-movflags', '+faststart', '-f', 'mp4', `file:${to}`],
      ],
      tools,
      progressReader(source.durationS, onConverted),
    );
    return written(tools, to, 'video');
  });
  return { path: to, probe: result };
};

/**
 * Makes an mp3 at `to` of the sound in `from`; what is mp3 already is copied.
 * @throws {ToolFailed} where none can be made.
 */
export const convertToAudio = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  source: Probe,
  tags: { title: string; artist?: string },
  onConverted?: OnConverted,
): Promise<Probe> => {
  const { audio } = source;
  if (!audio) throw new ToolFailed('there is no sound');
  const encode = ['-c:a', 'libmp3lame', '-q:a', '2'];
  const ways = audio.codec === 'mp3' ? [['-c:a', 'copy'], encode] : [encode];
  const artist = tags.artist === undefined ? [] : ['-metadata', `artist=${tags.artist}`];
  return firstThatWorks(ways, to, async (codec) => {
    await runTool(
      tools.ffmpegPath,
      [
        ...quiet,
        ...untrustedInput,
        ...['-i', `file:${from}`, '-map', `0:${audio.index}`, '-map_metadata', '-1', '-map_chapters', '-1'],
        ...[...codec, '-id3v2_version', '3', '-metadata', `title=${tags.title}`, ...artist],
        ...['-f', 'mp3', `file:${to}`],
      ],
      tools,
      progressReader(source.durationS, onConverted),
    );
    return written(tools, to, 'audio');
  });
};
