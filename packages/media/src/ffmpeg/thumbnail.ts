import { stat } from 'node:fs/promises';
import { type FfmpegTools, runTool, ToolFailed, untrustedInput } from './run-tool.ts';

/** What Telegram takes as a thumbnail: JPEG, neither side over 320 pixels, under 200 KB. */
const longestSide = 320;
const maxBytes = 200_000;

/** JPEG quality as ffmpeg counts it, best first; the last one is always small enough. */
const qualities = [3, 8, 20];

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    // ffmpeg ends well and writes nothing where no frame follows the position.
    () => 0,
  );

/** Writes a JPEG of a frame near the beginning to `to`; false where no frame could be read. */
export const writeThumbnail = async (
  tools: FfmpegTools,
  from: string,
  to: string,
  durationS: number,
): Promise<boolean> => {
  const scale = `scale='min(${longestSide},iw)':'min(${longestSide},ih)':force_original_aspect_ratio=decrease`;
  // Not the first frame, which is often black.
  for (const positionS of [Math.min(durationS / 5, 10), 0]) {
    for (const quality of qualities) {
      const seek = ['-ss', positionS.toFixed(3), '-i', `file:${from}`, '-map', '0:v:0', '-frames:v', '1'];
      const picture = ['-vf', `${scale},format=yuvj420p`, '-c:v', 'mjpeg', '-q:v', `${quality}`];
      const args = ['-v', 'error', '-nostdin', '-y', ...untrustedInput, ...seek, ...picture];
      try {
        await runTool(
          tools.ffmpegPath,
          [...args, '-map_metadata', '-1', '-f', 'image2', '-update', '1', `file:${to}`],
          tools,
        );
      } catch (error) {
        if (!(error instanceof ToolFailed)) throw error;
        break;
      }
      const size = await sizeOf(to);
      if (size === 0) break;
      if (size < maxBytes) return true;
    }
  }
  return false;
};
