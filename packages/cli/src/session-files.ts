import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failed } from './command.ts';

/** The services that hold a session of the account, each its own. */
export const sessionNames = ['gateway', 'sender'] as const;
export type SessionName = (typeof sessionNames)[number];
/** What is, or shall be, in the files: sealed sessions. */
export type SessionTexts = Record<SessionName, string>;

const folderOf = (home: string): string => join(home, '.heavy', 'sessions');

/** Where `npm start` looks for that session. */
export const sessionFile = (home: string, name: SessionName): string =>
  join(folderOf(home), `${name}.session`);

const failed = (what: string, cause: unknown): Failed => {
  const { code = String(cause) } = cause as NodeJS.ErrnoException;
  return new Failed(`${what} (${code}).`, { cause });
};

/**
 * What is in the file; undefined where there is none.
 * @throws {Failed}
 */
export const readSessionFile = (home: string, name: SessionName): string | undefined => {
  const file = sessionFile(home, name);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failed(`${file} cannot be read`, cause);
  }
};

/** Those of the files that are there. */
export const sessionFilesOf = (home: string): string[] =>
  sessionNames.map((name) => sessionFile(home, name)).filter((file) => existsSync(file));

/** A file for this user only, on the disk when this returns; never in place of another. */
export const writeSecretFile = (file: string, text: string): void => {
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(handle, `${text}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

const draftOf = (file: string): string => `${file}.${process.pid}.new`;

const syncFolder = (folder: string): void => {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Puts the text in place of what is in the file, in one step. */
const replaceFile = (file: string, text: string): void => {
  const draft = draftOf(file);
  rmSync(draft, { force: true });
  writeSecretFile(draft, text);
  renameSync(draft, file);
};

/**
 * Makes the folder, for this user only, and finds out whether files can be made there.
 * @throws {Failed}
 */
export const prepareSessionFolder = (home: string): void => {
  const folder = folderOf(home);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const trial = draftOf(join(folder, 'trial'));
    writeSecretFile(trial, '');
    rmSync(trial);
  } catch (cause) {
    throw failed(`Sessions cannot be kept in ${folder}`, cause);
  }
};

/**
 * Writes both files, each in one step and only once both are on the disk. Where the second cannot be put in place, the first is
 * what it was before.
 * @throws {Failed}
 */
export const writeSessionFiles = (home: string, texts: SessionTexts): void => {
  const folder = folderOf(home);
  const before = sessionNames.map((name) => [name, readSessionFile(home, name)] as const);
  const files = sessionNames.map((name) => sessionFile(home, name));
  let placed = 0;
  try {
    for (const name of sessionNames) {
      rmSync(draftOf(sessionFile(home, name)), { force: true });
      writeSecretFile(draftOf(sessionFile(home, name)), texts[name]);
    }
    for (const file of files) {
      renameSync(draftOf(file), file);
      placed++;
    }
    syncFolder(folder);
  } catch (cause) {
    for (const [name, text] of before.slice(0, placed)) {
      const file = sessionFile(home, name);
      if (text === undefined) rmSync(file, { force: true });
      else replaceFile(file, text);
    }
    for (const file of files) rmSync(draftOf(file), { force: true });
    throw failed(`Sessions cannot be kept in ${folder}: nothing was changed`, cause);
  }
};
