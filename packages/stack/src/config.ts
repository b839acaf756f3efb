import { homedir, platform } from 'node:os';
import { join } from 'node:path';

/** What surrounds this process: the one place of this package that reads the environment. */
export interface Surroundings {
  /** A copy of the whole environment, for installers: they need the user's proxies and indexes. */
  readonly inherited: Record<string, string>;
  readonly path: string;
  /** Where tools are kept across clones. */
  readonly cacheDir: string;
  /** Started by an npm script, whose end is then the end of this process. */
  readonly underNpm: boolean;
}

/** Reads the environment. An empty variable counts as not set. */
export const surroundings = (env: NodeJS.ProcessEnv = process.env, system = platform()): Surroundings => {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value) inherited[name] = value;
  const home = inherited['HOME'] ?? homedir();
  const caches =
    inherited['XDG_CACHE_HOME'] ??
    (system === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache'));
  return {
    inherited,
    path: inherited['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    cacheDir: join(caches, 'heavy-telegram-bot'),
    underNpm: inherited['npm_lifecycle_event'] !== undefined,
  };
};
