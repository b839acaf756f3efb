import { convert, type OnConverted } from './convert.ts';
import { isFastStart } from './fast-start.ts';
import type { Probe } from './probe.ts';
import { type FfmpegTools, ToolFailed } from './run-tool.ts';
import { encodedSize, type VideoPlan, videoPlan } from './video-plan.ts';

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

/**
 * Makes `from` a video that Telegram plays inline, doing as little as it takes: nothing, a new container at `to`, or a
 * new encoding at `to`, with no side longer than `longestSide`. Returns where the video is and what is in it.
 * @throws {ToolFailed} where none can be made.
 */
export const convertToVideo = async (
  tools: FfmpegTools,
  { from, to, longestSide }: { from: string; to: string; longestSide: number },
  source: Probe,
  onConverted?: OnConverted,
): Promise<{ path: string; probe: Probe }> => {
  const plan = videoPlan(source, longestSide);
  if (!source.video || !plan) throw new ToolFailed('there are no pictures');
  const { durationS } = source;
  if (plan.isContainerFine && durationS > 0 && (await isFastStart(from)))
    return { path: from, probe: source };
  // A stream that cannot be copied into mp4 after all (broken time stamps, missing headers) is encoded.
  const encodeAll: VideoPlan = {
    ...plan,
    video: encodedSize(source.video, longestSide),
    audio: source.audio ? 'encode' : 'none',
  };
  const isCopying = plan.video === 'copy' || plan.audio === 'copy';
  const maps = [source.video, source.audio].flatMap((one) => (one ? ['-map', `0:${one.index}`] : []));
  const ways = (isCopying ? [plan, encodeAll] : [plan]).map((way) => [
    ...[...maps, ...videoArguments(way), ...audioArguments(way)],
    ...['-max_muxing_queue_size', '4096', '-movflags', '+faststart', '-f', 'mp4'],
  ]);
  const result = await convert(tools, { from, to, stream: 'video', durationS, ways }, onConverted);
  return { path: to, probe: result };
};
