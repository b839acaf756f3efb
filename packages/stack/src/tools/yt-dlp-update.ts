import { withInstallLock } from './install-lock.ts';
import { type CanaryFault, findFaults, findFaultsHere, readCanaries } from './yt-dlp-canaries.ts';
import {
  discardYtDlp,
  type InstalledYtDlp,
  type InstallOptions,
  installedYtDlp,
  installYtDlp,
  noteChecked,
  programOf,
  useYtDlp,
} from './yt-dlp-folder.ts';

/** What came of looking for a newer version. */
export type YtDlpUpdate =
  | { outcome: 'installed' | 'unchanged'; version: string }
  | { outcome: 'updated'; version: string; from: string }
  /** The one in use stays, since the new one cannot read what it can. */
  | { outcome: 'refused'; version: string; candidate: string; faults: CanaryFault[] }
  /** The one in use stays, since somebody went back from the new one. */
  | { outcome: 'avoided'; version: string; candidate: string };

export interface UpdateOptions extends Omit<InstallOptions, 'version'> {
  say: (line: string) => void;
  /** A list of URLs that a new version has to be able to read. */
  canaryFile?: string | undefined;
  /** Installs nothing that somebody has gone back from. */
  avoidPrevious?: boolean;
  install?: typeof installYtDlp;
  /** Tells what the candidate cannot read of what the current one can. */
  check?: (programs: { current: string; candidate: string }, signal?: AbortSignal) => Promise<CanaryFault[]>;
}

/** Runs `work` while no other process changes the folder. */
export const alone = <T>(
  { folder, say, signal }: Pick<UpdateOptions, 'folder' | 'say' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> =>
  withInstallLock(
    {
      ...{ folder, name: 'install', signal },
      onWait: () => say('Waiting for another process that is installing yt-dlp…'),
    },
    work,
  );

/**
 * Installs the newest yt-dlp beside the one in use, and puts it in use where it reads every canary that the other reads.
 * Call it {@link alone}.
 * @throws {StepFailed} where PyPI cannot be reached; {CanariesInvalid}. Both leave everything as it was.
 */
export const renewYtDlp = async (options: UpdateOptions): Promise<YtDlpUpdate> => {
  const { folder, python, say, signal, canaryFile, install = installYtDlp } = options;
  const canaries = canaryFile === undefined ? undefined : readCanaries(canaryFile);
  const check: NonNullable<UpdateOptions['check']> =
    options.check ??
    ((programs) => (canaries ? findFaults(canaries, programs, signal) : findFaultsHere(programs, signal)));

  const judge = async (from: InstalledYtDlp | undefined, to: InstalledYtDlp): Promise<YtDlpUpdate> => {
    if (!from) return { outcome: 'installed', version: to.version };
    if (to.version === from.version) return { outcome: 'unchanged', version: to.version };
    const kept = { version: from.version, candidate: to.version };
    if (options.avoidPrevious && to.version === installedYtDlp(folder, 'previous')?.version)
      return { outcome: 'avoided', ...kept };
    const canaryCount = canaries && `${canaries.length} ${canaries.length === 1 ? 'URL' : 'URLs'}`;
    say(`Checking yt-dlp ${to.version} with ${canaryCount ?? 'a server of its own'}…`);
    const faults = await check({ current: programOf(from.venv), candidate: programOf(to.venv) }, signal);
    return faults.length > 0
      ? { outcome: 'refused', ...kept, faults }
      : { outcome: 'updated', version: to.version, from: from.version };
  };

  const current = installedYtDlp(folder);
  const candidate = await install({ folder, python, signal });
  let wanted = false;
  try {
    const result = await judge(current, candidate);
    wanted = result.outcome === 'installed' || result.outcome === 'updated';
    if (wanted) useYtDlp(folder, candidate);
    else if (current) noteChecked(current);
    return result;
  } finally {
    if (!wanted) discardYtDlp(candidate);
  }
};

/** Puts the previous yt-dlp in use again, and this one in its place. Undefined where there is none. */
export const rollbackYtDlp = (
  options: Pick<UpdateOptions, 'folder' | 'say' | 'signal'>,
): Promise<{ version: string; from: string } | undefined> =>
  alone(options, async () => {
    const current = installedYtDlp(options.folder);
    const previous = installedYtDlp(options.folder, 'previous');
    if (!current || !previous || previous.venv === current.venv) return undefined;
    // It counts as looked after from now on: the next start does not look for a newer one at once.
    noteChecked(previous);
    useYtDlp(options.folder, previous);
    return { version: previous.version, from: current.version };
  });
