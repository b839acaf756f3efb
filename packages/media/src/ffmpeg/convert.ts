import { rm } from 'node:fs/promises';
import { type Probe, probe } from './probe.ts';
import { type FfmpegTools, runTool, ToolFailed, untrustedInput } from './run-tool.ts';

/** How far a conversion is: 0 to 1, and the seconds it will still take. */
export type OnConverted = (fraction: number, etaS: number) => void;

export interface Conversion {
  from: string;
  to: string;
  /** What must be in the result. */
  stream: 'video' | 'audio';
  /** Seconds of the source; 0 where they are not known. */
  durationS: number;
  /** ffmpeg's arguments between input and output. The next ones are tried where ffmpeg fails with these. */
  ways: readonly (readonly string[])[];
}

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

/**
 * Runs ffmpeg over a file, without the metadata and chapters that are in it, and tells what came out.
 * @throws {ToolFailed} where no way works.
 */
export const convert = async (
  tools: FfmpegTools,
  { from, to, stream, durationS, ways }: Conversion,
  onConverted?: OnConverted,
): Promise<Probe> => {
  let failure: ToolFailed | undefined;
  for (const way of ways) {
    try {
      const args = [...quiet, ...untrustedInput, '-i', `file:${from}`, '-map_metadata', '-1'];
      await runTool(
        tools.ffmpegPath,
        [...args, '-map_chapters', '-1', ...way, `file:${to}`],
        tools,
        progressReader(durationS, onConverted),
      );
      const result = await probe(tools, to);
      if (result[stream] && result.durationS > 0) return result;
      // ffmpeg ends well over files from which nothing can be read.
      failure = new ToolFailed(`no ${stream} could be read`);
    } catch (error) {
      if (!(error instanceof ToolFailed)) throw error;
      failure = error;
    }
    await rm(to, { force: true });
  }
  throw failure ?? new ToolFailed('there was no way to try');
};
