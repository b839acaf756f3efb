import { rename, rm } from 'node:fs/promises';
import { seekBackS } from './key-frames.ts';
import type { VideoPart } from './plan-parts.ts';
import { type Probe, probe } from './probe.ts';
import { type FfmpegTools, runTool, ToolFailed, untrustedInput } from './run-tool.ts';

/** How far the part's duration may be from what was planned: the sound may end later than the pictures. */
const toleranceS = 1.5;
/** Half the time between two pictures of a video of 250 a second. */
const halfPictureS = 0.002;

/**
 * Where to seek so that ffmpeg begins with the key frame at `fromS`: it takes the last one that is not after the place it
 * is told, or not after one that is `seekBackS` earlier.
 */
const seekTo = ({ fromS, firstGopS }: VideoPart): number => {
  if (fromS === 0) return 0;
  const beyondS = firstGopS - seekBackS;
  return fromS + (beyondS > seekBackS ? seekBackS + Math.min(0.05, beyondS / 4) : firstGopS / 2);
};

/**
 * Copies a part of a video into an mp4 file at `to`, which plays while it loads. Nothing is encoded anew: it begins with the
 * key frame at `fromS`, and ends before the one at `toS`.
 * @throws {ToolFailed} where that cannot be done, or is not what came out.
 */
export const cutVideo = async (
  tools: FfmpegTools,
  { from, to, part }: { from: string; to: string; part: VideoPart },
  whole: Probe,
): Promise<void> => {
  const { toS } = part;
  const seekS = seekTo(part);
  const maps = [whole.video, whole.audio].flatMap((one) => (one ? ['-map', `0:${one.index}`] : []));
  const head = ['-v', 'error', '-nostdin', '-y', ...untrustedInput];
  const input = [...(seekS > 0 ? ['-ss', seekS.toFixed(6)] : []), '-i', `file:${from}`];
  const copy = [
    ...maps,
    '-map_metadata',
    '-1',
    '-map_chapters',
    '-1',
    '-c',
    'copy',
    '-max_muxing_queue_size',
    '4096',
  ];
  // With a time limit alone the first pictures of the next part would be in this one too. The segment after it is thrown away.
  const format =
    toS === undefined
      ? ['-avoid_negative_ts', 'make_zero', '-movflags', '+faststart', '-f', 'mp4', `file:${to}`]
      : [
          ...[
            '-t',
            (toS - seekS + 0.5).toFixed(6),
            '-f',
            'segment',
            '-segment_times',
            (toS - seekS - halfPictureS).toFixed(6),
          ],
          ...[
            '-segment_format',
            'mp4',
            '-segment_format_options',
            'movflags=+faststart',
            '-reset_timestamps',
            '1',
          ],
          `file:${to.replaceAll('%', '%%')}.%d`,
        ];
  try {
    await runTool(tools.ffmpegPath, [...head, ...input, ...copy, ...format], tools);
    if (toS !== undefined) await rename(`${to}.0`, to);
  } finally {
    for (const segment of [0, 1, 2]) await rm(`${to}.${segment}`, { force: true });
  }
  const made = await probe(tools, to);
  const plannedS = (toS ?? whole.durationS) - part.fromS;
  if (!made.video || Math.abs(made.durationS - plannedS) > toleranceS)
    throw new ToolFailed(
      `a part of ${plannedS} s came out with ${made.video ? made.durationS : 'no pictures in'} s`,
    );
};
