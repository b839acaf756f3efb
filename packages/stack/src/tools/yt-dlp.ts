import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { surroundings } from '../config.ts';
import { withInstallLock } from './install-lock.ts';
import { findCommand } from './program.ts';
import { runStep, StepFailed } from './run-step.ts';
import { compareVersions } from './version.ts';

/** Older ones have known vulnerabilities. */
const oldestYtDlp = '2026.07.04';

const dayMs = 24 * 60 * 60_000;
const refreshAfterMs = 7 * dayMs;

interface Installed {
  version: string;
  /** Absolute path of the program. */
  path: string;
  /** Unix time in milliseconds. */
  checkedAt: number;
}

const record = (folder: string) => join(folder, 'current.json');

/** What is installed in `folder`, if it is whole and new enough. */
export const installedYtDlp = (folder: string): Installed | undefined => {
  try {
    const installed = JSON.parse(readFileSync(record(folder), 'utf8')) as Installed;
    if (!findCommand([installed.path])) return undefined;
    return compareVersions(installed.version, oldestYtDlp) >= 0 ? installed : undefined;
  } catch {
    // Nothing was ever installed to the end.
    return undefined;
  }
};

const removeOld = (folder: string, keep: string): void => {
  for (const name of readdirSync(folder)) {
    const venv = join(folder, name);
    // Another process may be running a younger one.
    if (name.startsWith('venv-') && venv !== keep && Date.now() - statSync(venv).mtimeMs > dayMs)
      rmSync(venv, { recursive: true, force: true });
  }
};

/** Installs the newest yt-dlp into a virtual environment of its own; it counts from the moment it is recorded. */
const install = async (
  folder: string,
  python: string,
  signal: AbortSignal | undefined,
): Promise<Installed> => {
  const env = { ...surroundings().inherited, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
  const venv = join(folder, `venv-${randomBytes(4).toString('hex')}`);
  try {
    await runStep(python, ['-m', 'venv', venv], { env, signal });
    // The extra `default` brings what YouTube's pages need.
    const wanted = `yt-dlp[default]>=${oldestYtDlp}`;
    const pip = ['-m', 'pip', 'install', '--quiet', '--retries', '1', '--timeout', '15', wanted];
    await runStep(join(venv, 'bin', 'python'), pip, { env, signal, timeoutMs: 5 * 60_000 });
    const path = join(venv, 'bin', 'yt-dlp');
    const version = (await runStep(path, ['--version'], { env, signal, timeoutMs: 60_000 })).trim();
    const installed = { version, path, checkedAt: Date.now() };
    const draft = `${record(folder)}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(installed));
    renameSync(draft, record(folder));
    removeOld(folder, venv);
    return installed;
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    throw error;
  }
};

export interface YtDlpOptions {
  say: (line: string) => void;
  /** A Python of 3.10 or newer that can make virtual environments. */
  python: string;
  folder?: string;
  now?: number;
  signal?: AbortSignal | undefined;
}

/**
 * The path of a yt-dlp that is at most a week old, or as new as could be had.
 * @throws {StepFailed} where there is none and it cannot be fetched.
 */
export const ensureYtDlp = async (options: YtDlpOptions): Promise<string> => {
  const { say, python, folder = join(surroundings().cacheDir, 'yt-dlp'), now = Date.now(), signal } = options;
  const isFresh = (one: Installed): boolean => now - one.checkedAt < refreshAfterMs;
  const found = installedYtDlp(folder);
  if (found && isFresh(found)) return found.path;
  mkdirSync(folder, { recursive: true });
  const onWait = () => say('Waiting for another process that is installing yt-dlp…');
  return await withInstallLock({ folder, name: 'install', onWait, signal }, async () => {
    const current = installedYtDlp(folder);
    if (current && isFresh(current)) return current.path;
    say(current ? `Looking for a newer yt-dlp than ${current.version}…` : 'Installing yt-dlp from PyPI…');
    try {
      return (await install(folder, python, signal)).path;
    } catch (error) {
      if (!current || !(error instanceof StepFailed)) throw error;
      say(`PyPI cannot be reached: going on with yt-dlp ${current.version}.`);
      return current.path;
    }
  });
};
