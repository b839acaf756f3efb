import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const busy = 5; // SQLITE_BUSY
const pollMs = 250;

const tryLock = (database: DatabaseSync): boolean => {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false;
    throw error;
  }
};

/** Gives a lock back. */
export type Release = () => void;

/**
 * Takes the lock of that name in `folder`, if no process has it. It is SQLite's lock on a file: the system gives it up when
 * the process that holds it dies, so that none is ever left behind.
 */
export const tryHold = (folder: string, name: string): Release | undefined => {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, `${name}.lock`));
  let held = false;
  try {
    held = tryLock(database);
  } finally {
    if (!held) database.close();
  }
  return held ? () => database.close() : undefined;
};

export interface InstallLock {
  folder: string;
  name: string;
  /** Called once where another process has the lock. */
  onWait?: () => void;
  signal?: AbortSignal | undefined;
}

/** Runs `work` while no other process runs work under the same lock. */
export const withInstallLock = async <T>(lock: InstallLock, work: () => Promise<T>): Promise<T> => {
  let release = tryHold(lock.folder, lock.name);
  if (!release) lock.onWait?.();
  while (!release) {
    await delay(pollMs, undefined, { ...(lock.signal ? { signal: lock.signal } : {}) });
    release = tryHold(lock.folder, lock.name);
  }
  try {
    return await work();
  } finally {
    release();
  }
};
