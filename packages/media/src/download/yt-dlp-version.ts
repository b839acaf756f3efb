import { mkdir, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { runTool } from '../ffmpeg/run-tool.ts';
import type { DownloaderOptions } from './downloader.ts';
import { toolEnvironment } from './job.ts';

const patienceMs = 60_000;

/** Changes with the program file that a command stands for; null where there is none. */
const stampOf = async (command: string, path: string): Promise<string | null> => {
  const places = command.includes('/') ? [command] : path.split(delimiter).map((dir) => join(dir, command));
  for (const place of places) {
    const found = await stat(place).catch(() => null);
    if (found) return `${place} ${found.ino} ${found.mtimeMs}`;
  }
  return null;
};

/**
 * Asks yt-dlp for its version, once for each state of its program file: an update is noticed.
 * @throws SpawnFailed where it cannot be started, ToolFailed where it does not answer.
 */
export const ytDlpVersion = (options: DownloaderOptions): (() => Promise<string>) => {
  const { ytDlpPath, reaper } = options;
  const workDir = resolve(options.workDir);
  const env = toolEnvironment(options, workDir);
  let known: { stamp: string; version: string } | undefined;
  return async () => {
    const stamp = await stampOf(ytDlpPath, env['PATH'] ?? '');
    if (known && known.stamp === stamp) return known.version;
    await mkdir(workDir, { recursive: true });
    const version = (
      await runTool(ytDlpPath, ['--ignore-config', '--no-plugin-dirs', '--version'], {
        ...{ env, signal: AbortSignal.timeout(patienceMs) },
        ...(reaper ? { reaper } : {}),
      })
    ).trim();
    if (stamp !== null) known = { stamp, version };
    return version;
  };
};
