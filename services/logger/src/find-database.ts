import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { logsDbFromEnvironment } from './config.ts';

const repository = new URL('../../../', import.meta.url);
const usual = ['.heavy/demo/logs.db', '.heavy/data/logs.db'];

/** The write-ahead log is newer than the file it belongs to. */
const changedAt = (path: string): number =>
  Math.max(...[path, `${path}-wal`].map((one) => statSync(one, { throwIfNoEntry: false })?.mtimeMs ?? 0));

/** The logger's file: the one given, or that of LOGS_DB, or else the newest of the usual ones; undefined where there is none. */
export const findDatabase = (
  given: string | undefined,
  candidates = usual.map((path) => fileURLToPath(new URL(path, repository))),
): string | undefined => {
  const named = given ?? logsDbFromEnvironment();
  if (named !== undefined) return existsSync(named) ? named : undefined;
  return candidates
    .filter((path) => existsSync(path))
    .sort((a, b) => changedAt(b) - changedAt(a))
    .at(0);
};
