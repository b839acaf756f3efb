import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Reaper, spawnGroup } from '@heavy/process';

/** ffmpeg and ffprobe as one job uses them. */
export interface FfmpegTools {
  ffmpegPath: string;
  ffprobePath: string;
  /** The whole environment of the tools. */
  env: Record<string, string>;
  signal: AbortSignal;
  reaper?: Reaper;
}

/** A tool ran and did not do its work; the message ends with what it printed last. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
}

/** How much of what a tool prints is kept. */
const outputLimit = 4 * 1024 * 1024;
const errorLimit = 8 * 1024;

/**
 * Runs a tool to its end and returns what it printed, or hands it on line by line.
 * @throws {ToolFailed} where it exits with anything but 0; the signal's reason where that aborts.
 */
export const runTool = async (
  command: string,
  args: string[],
  { env, signal, reaper }: Omit<FfmpegTools, 'ffmpegPath' | 'ffprobePath'>,
  onLine?: (line: string) => void,
): Promise<string> => {
  const group = spawnGroup(command, args, {
    env,
    signal,
    killGraceMs: 1000,
    ...(reaper ? { reaper } : {}),
  });
  const { stdout, stderr } = group.child as { stdout: Readable; stderr: Readable };
  const closed = once(group.child, 'close');
  // Where the command cannot be started, `exited` says so, and says more.
  closed.catch(() => {});
  let output = '';
  let errors = '';
  stdout.setEncoding('utf8');
  stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-errorLimit);
  });
  if (onLine) createInterface(stdout).on('line', onLine);
  else
    stdout.on('data', (text: string) => {
      if (output.length < outputLimit) output += text;
    });
  try {
    const { code, signal: endedBy } = await group.exited;
    await closed;
    signal.throwIfAborted();
    if (code !== 0) throw new ToolFailed(`${command} ended with ${code ?? endedBy}: ${errors.trim()}`);
    return output;
  } finally {
    await group.end();
  }
};

/**
 * What a file that somebody else wrote may make ffmpeg open: itself. No playlists (HLS, DASH, concat), which would
 * name other files, and no still images, which ffmpeg takes for videos of one frame.
 */
export const untrustedInput: readonly string[] = [
  '-protocol_whitelist',
  'file',
  '-format_whitelist',
  [
    ...[
      'mov',
      'mp4',
      'matroska',
      'webm',
      'mpegts',
      'mpeg',
      'mpegvideo',
      'h264',
      'hevc',
      'avi',
      'flv',
      'asf',
      'rm',
      'mxf',
    ],
    ...[
      'nut',
      'ivf',
      'dv',
      'gif',
      'ogg',
      'mp3',
      'aac',
      'wav',
      'w64',
      'flac',
      'aiff',
      'au',
      'ac3',
      'eac3',
      'dts',
    ],
    ...['caf', 'amr', 'ape', 'wv', 'tta'],
  ].join(','),
];
