import { mkdirSync } from 'node:fs';
import { StepFailed } from './run-step.ts';
import { type InstalledYtDlp, installedYtDlp, ytDlpFolder, ytDlpProgram } from './yt-dlp-folder.ts';
import { alone, renewYtDlp, type UpdateOptions } from './yt-dlp-update.ts';

const refreshAfterMs = 7 * 24 * 60 * 60_000;

export interface YtDlpOptions extends Omit<UpdateOptions, 'folder' | 'avoidPrevious'> {
  folder?: string;
  now?: number;
}

/**
 * The path of a yt-dlp that is at most a week old, or as new as could be had. It stays the same when `heavy ytdlp update`
 * puts another version in use.
 * @throws {StepFailed} where there is none and it cannot be fetched; {CanariesInvalid}.
 */
export const ensureYtDlp = async (options: YtDlpOptions): Promise<string> => {
  const { folder = ytDlpFolder(), now = Date.now(), ...update } = options;
  const { say } = options;
  const isFresh = (one: InstalledYtDlp): boolean => now - one.checkedAt < refreshAfterMs;
  const program = ytDlpProgram(folder);
  const found = installedYtDlp(folder);
  if (found && isFresh(found)) return program;
  mkdirSync(folder, { recursive: true });
  await alone({ ...update, folder }, async () => {
    const current = installedYtDlp(folder);
    if (current && isFresh(current)) return;
    say(current ? `Looking for a newer yt-dlp than ${current.version}…` : 'Installing yt-dlp from PyPI…');
    try {
      const result = await renewYtDlp({ ...update, folder, avoidPrevious: true });
      if (result.outcome === 'refused')
        for (const { url, error } of result.faults)
          say(`Going on with yt-dlp ${result.version}: ${result.candidate} cannot read ${url}: ${error}`);
    } catch (error) {
      if (!current || !(error instanceof StepFailed)) throw error;
      say(`PyPI cannot be reached: going on with yt-dlp ${current.version}.`);
    }
  });
  return program;
};
