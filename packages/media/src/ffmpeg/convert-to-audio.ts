import type { AudioFormat } from '@heavy/contracts';
import { convert, type OnConverted } from './convert.ts';
import type { Probe } from './probe.ts';
import { type FfmpegTools, ToolFailed } from './run-tool.ts';

/** How a sound is called in each format; opus is in Ogg (RFC 7845). */
export const audioFiles = {
  mp3: { extension: 'mp3', mime: 'audio/mpeg' },
  m4a: { extension: 'm4a', mime: 'audio/mp4' },
  opus: { extension: 'opus', mime: 'audio/ogg' },
} as const satisfies Record<AudioFormat, object>;

/** The codec that is copied, the encoder where there is another one, and the container. */
const recipes: Record<AudioFormat, { codec: string; encode: string[]; container: string[] }> = {
  mp3: {
    codec: 'mp3',
    encode: ['-c:a', 'libmp3lame', '-q:a', '2'],
    container: ['-id3v2_version', '3', '-f', 'mp3'],
  },
  m4a: {
    codec: 'aac',
    encode: ['-c:a', 'aac', '-b:a', '160k', '-ac', '2'],
    container: ['-movflags', '+faststart', '-f', 'ipod'],
  },
  opus: {
    codec: 'opus',
    encode: ['-c:a', 'libopus', '-b:a', '128k', '-ac', '2'],
    container: ['-f', 'ogg'],
  },
};

export interface AudioOrder {
  from: string;
  to: string;
  format: AudioFormat;
  tags: { title: string; artist?: string };
}

/**
 * Makes a sound at `to` of the one in `from`; what has the codec already is copied.
 * @throws {ToolFailed} where none can be made.
 */
export const convertToAudio = async (
  tools: FfmpegTools,
  { from, to, format, tags }: AudioOrder,
  { audio, durationS }: Probe,
  onConverted?: OnConverted,
): Promise<Probe> => {
  if (!audio) throw new ToolFailed('there is no sound');
  const { codec, encode, container } = recipes[format];
  const metadata = Object.entries(tags).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]);
  const ways = (audio.codec === codec ? [['-c:a', 'copy'], encode] : [encode]).map((codecArguments) => [
    ...['-map', `0:${audio.index}`, ...codecArguments, ...metadata, ...container],
  ]);
  return convert(tools, { from, to, stream: 'audio', durationS, ways }, onConverted);
};
