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

const writeVideo = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  source: Probe,
  plan: VideoPlan,
  onConverted: OnConverted | undefined,
): Promise<Probe | null> => {
  const maps = [source.video, source.audio].flatMap((one) => (one ? ['-map', `0:${one.index}`] : []));
  await runTool(
    tools.ffmpegPath,
    [
      ...quiet,
      ...untrustedInput,
      ...['-i', `file:${from}`, ...maps, '-map_metadata', '-1', '-map_chapters', '-1'],
      ...videoArguments(plan),
      ...audioArguments(plan),
      ...['-max_muxing_queue_size', '4096', '-movflags', '+faststart', '-f', 'mp4', `file:${to}`],
    ],
    tools,
    progressReader(source.durationS, onConverted),
  );
  const result = await probe(tools, to);
  return result?.video && result.durationS > 0 ? result : null;
};

/**
 * Makes `from` a video that Telegram plays inline, doing as little as it takes: nothing, a new container at `to`, or a
 * new encoding at `to`. Returns where the video is and what is in it; null where there is no way to make one.
 */
export const convertToVideo = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  source: Probe,
  onConverted?: OnConverted,
): Promise<{ path: string; probe: Probe } | null> => {
  const plan = videoPlan(source);
  if (!plan) return null;
  if (plan.isContainerFine && source.durationS > 0 && (await isFastStart(from)))
    return { path: from, probe: source };
  // A stream that cannot be copied into mp4 after all (broken time stamps, missing headers) is encoded.
  const { width = 2, height = 2 } = source.video ?? {};
  const encodeAll: VideoPlan = {
    ...plan,
    video: encodedSize({ width, height }),
    audio: source.audio ? 'encode' : 'none',
  };
  for (const attempt of plan.video === 'copy' || plan.audio === 'copy' ? [plan, encodeAll] : [plan]) {
    try {
      const result = await writeVideo(tools, from, to, source, attempt, onConverted);
      if (result) return { path: to, probe: result };
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
    }
    await rm(to, { force: true });
  }
  return null;
};

/** Makes an mp3 at `to` of the sound in `from`; what is mp3 already is copied. Null where it cannot be read. */
export const convertToAudio = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  source: Probe,
  tags: { title: string; artist?: string },
  onConverted?: OnConverted,
): Promise<Probe | null> => {
  const { audio } = source;
  if (!audio) return null;
  const encode = ['-c:a', 'libmp3lame', '-q:a', '2'];
  const metadata = [
    '-metadata',
    `title=${tags.title}`,
    ...(tags.artist ? ['-metadata', `artist=${tags.artist}`] : []),
  ];
  for (const codec of audio.codec === 'mp3' ? [['-c:a', 'copy'], encode] : [encode]) {
    try {
      await runTool(
        tools.ffmpegPath,
        [
          ...quiet,
          ...untrustedInput,
          ...['-i', `file:${from}`, '-map', `0:${audio.index}`, '-map_metadata', '-1', '-map_chapters', '-1'],
          ...codec,
          ...['-id3v2_version', '3', ...metadata, '-f', 'mp3', `file:${to}`],
        ],
        tools,
        progressReader(source.durationS, onConverted),
      );
      const result = await probe(tools, to);
      if (result?.audio && result.durationS > 0) return result;
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
    }
    await rm(to, { force: true });
  }
  return null;
};
