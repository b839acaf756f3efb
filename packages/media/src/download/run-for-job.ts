import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadOrder } from './downloader.ts';
import type { Job } from './job.ts';
import { noteTool } from './job-folder.ts';
import { runYtDlp, type YtDlpMessage } from './run-yt-dlp.ts';
import { profileFor } from './site-profiles.ts';
import type { YtDlpRequest } from './yt-dlp-arguments.ts';

/** Runs yt-dlp in the job's folder, with what its site needs, and with a copy of the cookies, since it writes to them. */
export const runForJob = async (
  job: Job,
  { kind, quality, format, item, persistent = false }: DownloadOrder,
  url: URL,
  args: (request: YtDlpRequest) => string[],
  onMessage: (message: YtDlpMessage) => void,
): Promise<{ code: number | null; stderr: string }> => {
  const { options, folder, env, signal, proxyUrl } = job;
  const { ytDlpPath, ffmpegPath, reaper, limits } = options;
  const { cookiesFile = options.cookiesFile, ...profile } = profileFor(options.profiles ?? [], url.hostname);
  const cookies = join(folder.root, 'cookies.txt');
  const request: YtDlpRequest = {
    ...{ url: url.href, kind, ffmpegPath, profile, socketTimeoutS: limits.socketTimeoutS, persistent },
    ...(quality === undefined ? {} : { quality }),
    ...(format === undefined ? {} : { format }),
    ...(item === undefined ? {} : { item }),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(cookiesFile === undefined ? {} : { cookiesFile: cookies }),
  };
  try {
    if (cookiesFile !== undefined)
      await writeFile(cookies, await readFile(cookiesFile), { mode: 0o600, flag: 'wx' });
    return await runYtDlp({
      ...{ ytDlpPath, args: args(request), cwd: folder.source, env, signal, onMessage },
      onStart: (group) => noteTool(folder, group),
      ...(reaper ? { reaper } : {}),
    });
  } finally {
    await rm(cookies, { force: true });
  }
};
