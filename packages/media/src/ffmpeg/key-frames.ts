import type { Probe } from './probe.ts';
import { type FfmpegTools, runTool, untrustedInput } from './run-tool.ts';

/** A stretch of a video that begins with a picture that needs no other: where the video may be cut. */
export interface Gop {
  /** Seconds from the beginning of the file. */
  startS: number;
  /** What it takes in a file: its pictures, and the sound until the next one. */
  sizeBytes: number;
}

interface Stretch extends Gop {
  packets: number;
}

/** What a packet takes in the tables of an mp4 file: size, place, two times, and whether it is a key frame. */
const tableBytes = 40;
/** ffmpeg looks for a place so much before the one that it is told, where pictures are stored out of order (3/23 s). */
export const seekBackS = 0.1305;
/** Stretches that are shorter than that cannot be found for certain in a video whose pictures are stored out of order. */
const shortestS = 2 * seekBackS;

const numberOf = (text: string | undefined): number => (text === undefined ? Number.NaN : Number(text));

/** The fields of a line of ffprobe's `compact` writer. */
const fieldsOf = (line: string): Map<string, string> =>
  new Map(
    line.split('|').flatMap((field) => {
      const at = field.indexOf('=');
      return at < 0 ? [] : [[field.slice(0, at), field.slice(at + 1)] as const];
    }),
  );

/** Collects the packets of a file, in its order, into the stretches between its key frames. */
export const createGopReader = (videoIndex: number, audioIndex: number | undefined) => {
  const stretches: Stretch[] = [];
  /** Bytes of sound by the second. */
  const sound: number[] = [];
  let isOutOfOrder = false;
  let fileStartS = 0;

  const addPicture = (startS: number, sizeBytes: number, isKey: boolean): void => {
    if (isKey && Number.isFinite(startS)) stretches.push({ startS, sizeBytes: 0, packets: 0 });
    const current = stretches.at(-1);
    // What comes before the first key frame cannot be shown.
    if (!current) return;
    current.sizeBytes += sizeBytes + tableBytes;
    current.packets += 1;
  };

  const soundBetween = (fromS: number, toS: number): number => {
    let bytes = 0;
    for (let second = Math.max(0, Math.floor(fromS)); second < toS && second < sound.length; second += 1) {
      const [start, end] = [Math.max(fromS, second), Math.min(toS, second + 1)];
      bytes += (sound[second] ?? 0) * (end - start);
    }
    return Math.ceil(bytes);
  };

  return {
    /** A line of `-of compact=p=0` with packets (stream_index, pts_time, size, flags), streams and the format. */
    read: (line: string): void => {
      const fields = fieldsOf(line);
      if (fields.has('has_b_frames')) {
        if (Number(fields.get('index')) === videoIndex) isOutOfOrder = Number(fields.get('has_b_frames')) > 0;
        return;
      }
      if (fields.has('start_time')) {
        fileStartS = numberOf(fields.get('start_time')) || 0;
        return;
      }
      const index = numberOf(fields.get('stream_index'));
      const atS = numberOf(fields.get('pts_time'));
      const sizeBytes = numberOf(fields.get('size')) || 0;
      if (index === videoIndex) addPicture(atS, sizeBytes, fields.get('flags')?.startsWith('K') ?? false);
      else if (index === audioIndex) {
        const second = Math.max(0, Math.floor(atS || 0));
        sound[second] = (sound[second] ?? 0) + sizeBytes + tableBytes;
      }
    },
    /** The stretches at whose beginning the file can be cut, in their order. */
    gops: (): Gop[] => {
      const gops: Gop[] = [];
      for (const [index, { startS, sizeBytes }] of stretches.entries()) {
        const nextS = stretches[index + 1]?.startS ?? Number.POSITIVE_INFINITY;
        const whole = sizeBytes + soundBetween(index === 0 ? 0 : startS, nextS);
        const last = gops.at(-1);
        if (last && (nextS <= startS || (isOutOfOrder && nextS - startS < shortestS)))
          last.sizeBytes += whole;
        else gops.push({ startS: Math.max(0, startS - fileStartS), sizeBytes: whole });
      }
      return gops;
    },
  };
};

/**
 * Where a video may be cut, and what each stretch takes. Reads the whole file, and decodes nothing.
 * @throws {ToolFailed}
 */
export const keyFrames = async (
  tools: FfmpegTools,
  path: string,
  { video, audio }: Probe,
): Promise<Gop[]> => {
  if (!video) return [];
  const reader = createGopReader(video.index, audio?.index);
  const entries = 'packet=stream_index,pts_time,size,flags:stream=index,has_b_frames:format=start_time';
  const args = ['-v', 'error', ...untrustedInput, '-show_entries', entries, '-of', 'compact=p=0'];
  await runTool(tools.ffprobePath, [...args, '-i', `file:${path}`], tools, reader.read);
  return reader.gops();
};
