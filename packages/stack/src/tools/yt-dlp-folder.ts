import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { surroundings } from '../config.ts';
import { findCommand } from './program.ts';
import { runStep } from './run-step.ts';
import { compareVersions } from './version.ts';

/** Older ones have known vulnerabilities. */
const oldestYtDlp = '2026.07.04';

const dayMs = 24 * 60 * 60_000;

/** A yt-dlp in a virtual environment of its own. */
export interface InstalledYtDlp {
  readonly version: string;
  /** Absolute path of the virtual environment. */
  readonly venv: string;
  /** Unix time in milliseconds at which there was nothing newer that could be used. */
  readonly checkedAt: number;
}

/** The link that is in use, and the one that was before. */
type Link = 'current' | 'previous';

/** Where yt-dlp is kept for all clones of this user: `venv-*`, and the links `current` and `previous` to two of them. */
export const ytDlpFolder = (): string => join(surroundings().cacheDir, 'yt-dlp');

/** The program in use. The path stays the same when another version is put in use: whatever runs next is that one. */
export const ytDlpProgram = (folder: string): string => programOf(join(folder, 'current'));

/** The program within a virtual environment. */
export const programOf = (venv: string): string => join(venv, 'bin', 'yt-dlp');

const record = (venv: string): string => join(venv, 'installed.json');

/** What a link leads to, if it is whole and new enough. */
export const installedYtDlp = (folder: string, link: Link = 'current'): InstalledYtDlp | undefined => {
  try {
    const venv = join(folder, readlinkSync(join(folder, link)));
    const { version, checkedAt } = JSON.parse(readFileSync(record(venv), 'utf8')) as InstalledYtDlp;
    if (!findCommand([programOf(venv)])) return undefined;
    return compareVersions(version, oldestYtDlp) >= 0 ? { version, venv, checkedAt } : undefined;
  } catch {
    // Nothing was ever installed to the end.
    return undefined;
  }
};

/** Notes that there is nothing newer that can be used, as of now. */
export const noteChecked = ({ version, venv }: InstalledYtDlp, checkedAt = Date.now()): void => {
  const draft = `${record(venv)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ version, checkedAt }));
  renameSync(draft, record(venv));
};

/** In one step: there is no moment at which the link is missing. */
const pointTo = (folder: string, link: Link, venv: string): void => {
  const draft = join(folder, `${link}.${process.pid}`);
  rmSync(draft, { force: true });
  symlinkSync(basename(venv), draft);
  renameSync(draft, join(folder, link));
};

const removeOld = (folder: string, keep: readonly (string | undefined)[]): void => {
  for (const name of readdirSync(folder)) {
    const venv = join(folder, name);
    // A download may be running one that was in use less than a day ago.
    if (name.startsWith('venv-') && !keep.includes(venv) && Date.now() - statSync(venv).mtimeMs > dayMs)
      rmSync(venv, { recursive: true, force: true });
  }
};

/** Puts one in use; the one that was stays as the previous one. */
export const useYtDlp = (folder: string, next: InstalledYtDlp): void => {
  const replaced = installedYtDlp(folder);
  if (replaced) {
    // The age of a virtual environment counts from its last use.
    utimesSync(replaced.venv, new Date(), new Date());
    pointTo(folder, 'previous', replaced.venv);
  }
  pointTo(folder, 'current', next.venv);
  removeOld(folder, [next.venv, replaced?.venv]);
};

/** Removes one that was installed and never put in use. */
export const discardYtDlp = ({ venv }: InstalledYtDlp): void =>
  rmSync(venv, { recursive: true, force: true });

export interface InstallOptions {
  folder: string;
  /** A Python of 3.10 or newer that can make virtual environments. */
  python: string;
  /** This version rather than the newest. */
  version?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Installs yt-dlp from PyPI beside what is there, without putting it in use.
 * @throws {StepFailed}
 */
export const installYtDlp = async (options: InstallOptions): Promise<InstalledYtDlp> => {
  const { folder, python, version: wanted, signal } = options;
  const env = { ...surroundings().inherited, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' };
  const venv = join(folder, `venv-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  try {
    await runStep(python, ['-m', 'venv', venv], { env, signal });
    // The extra `default` brings what YouTube's pages need.
    const requirement = `yt-dlp[default]${wanted === undefined ? `>=${oldestYtDlp}` : `==${wanted}`}`;
    const pip = ['-m', 'pip', 'install', '--quiet', '--retries', '1', '--timeout', '15', requirement];
    await runStep(join(venv, 'bin', 'python'), pip, { env, signal, timeoutMs: 5 * 60_000 });
    const version = (
      await runStep(programOf(venv), ['--version'], { env, signal, timeoutMs: 60_000 })
    ).trim();
    const installed = { version, venv, checkedAt: Date.now() };
    noteChecked(installed);
    return installed;
  } catch (error) {
    rmSync(venv, { recursive: true, force: true });
    throw error;
  }
};
