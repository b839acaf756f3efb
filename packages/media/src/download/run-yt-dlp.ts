import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { adoptGroup, type Reaper } from '@heavy/process';
import ytDlpWrap from 'yt-dlp-wrap';

/** What yt-dlp knows of the media before it downloads them. */
export interface MediaInfo {
  id: string;
  title?: string;
  duration?: number;
  extractor_key?: string;
  webpage_url?: string;
  is_live?: boolean;
  live_status?: string;
  /** The URL is that of the media file itself. */
  direct?: boolean;
  artist?: string;
  creator?: string;
  uploader?: string;
  channel?: string;
  /** Of the playlist it is an entry of: how many entries are being looked at, its id, and the place in it. */
  n_entries?: number;
  playlist_id?: string;
  playlist_index?: number;
}

interface FormatSize {
  filesize?: number | null;
  /** By bit rate and duration. */
  filesize_approx?: number | null;
}

/** The formats that will be downloaded: `chosen` itself, or its `parts` where there are any. */
export interface ChosenFormats {
  chosen: FormatSize & { url?: string; protocol?: string };
  parts: FormatSize[];
}

/** An entry of a list: with a URL, or with a format, or with nothing that can be downloaded. */
export interface ListedEntry {
  entry: { playlist_index?: number; url?: string };
  format: string | null;
}

/** Bytes, bytes a second and seconds; null where yt-dlp does not know. */
export interface YtDlpProgress {
  format: string | null;
  bytes: number | null;
  total: number | null;
  estimate: number | null;
  speed: number | null;
  eta: number | null;
}

/** A line of standard output, as the arguments have it. */
export interface YtDlpMessage extends Partial<ChosenFormats>, Partial<ListedEntry> {
  info?: MediaInfo;
  progress?: YtDlpProgress;
  /** A playlist of which nothing was downloaded. */
  playlist?: { playlist_count?: number | null };
  /** The plug-in is in place. */
  guarded?: true;
  /** The source has another file than the one that was begun; it was started over. */
  changed?: true;
  /** The header of an answer 429 or 503. */
  retryAfter?: string;
}

export interface YtDlpRun {
  ytDlpPath: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  signal: AbortSignal;
  reaper?: Reaper;
  /** Called with the id of the process group. */
  onStart: (group: number) => void;
  onMessage: (message: YtDlpMessage) => void;
}

type Wrapper = typeof ytDlpWrap.default;

/** The package is CommonJS: its class is the default export of what Node imports, or that itself where a tool unwraps it. */
const YtDlpWrap: Wrapper = ytDlpWrap.default ?? (ytDlpWrap as unknown as Wrapper);

const errorLimit = 64 * 1024;
const lineLimit = 256 * 1024;

const parseLine = (line: string): YtDlpMessage => {
  if (!line.startsWith('{"') || line.length > lineLimit) return {};
  try {
    return JSON.parse(line) as YtDlpMessage;
  } catch {
    // Something else that yt-dlp had to say.
    return {};
  }
};

/**
 * Runs yt-dlp through yt-dlp-wrap, which spawns it as the leader of a group of its own; the group, with any ffmpeg that
 * yt-dlp starts, is ours to end, since the wrapper's own abort leaves ffmpeg behind. Resolves with the exit
 * code and the end of standard error once the whole group is gone.
 * @throws the signal's reason where that aborts; SpawnFailed where yt-dlp cannot be started.
 */
export const runYtDlp = async (run: YtDlpRun): Promise<{ code: number | null; stderr: string }> => {
  const { signal } = run;
  signal.throwIfAborted();
  const emitter = new YtDlpWrap(run.ytDlpPath).exec(run.args, { cwd: run.cwd, env: run.env, detached: true });
  const child = emitter.ytDlpProcess as ChildProcess;
  const group = adoptGroup(child, {
    signal,
    killGraceMs: 1000,
    ...(run.reaper ? { reaper: run.reaper } : {}),
  });
  const finished = new Promise<void>((resolve) => {
    emitter.once('close', () => resolve());
    // Any exit code but 0. The file decides whether it was a success, and standard error why it was none.
    emitter.once('error', () => resolve());
  });

  let stderr = '';
  (child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-errorLimit);
  });
  createInterface(child.stdout as Readable).on('line', (line) => run.onMessage(parseLine(line)));
  try {
    if (group.pid !== undefined) run.onStart(group.pid);
    const { code } = await group.exited;
    await finished;
    signal.throwIfAborted();
    return { code, stderr };
  } finally {
    await group.end();
  }
};
