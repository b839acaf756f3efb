import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a system that runs on this machine keeps its media and its Redis. */
export interface Running {
  readonly pid: number;
  /** REDIS_URL, MEDIA_STORE and what goes with it. */
  readonly env: Readonly<Record<string, string>>;
}

const shared = ['REDIS_URL', 'MEDIA_STORE', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'];

const fileOf = (dir: string): string => join(dir, 'run.json');

const read = (dir: string): Running | undefined => {
  try {
    return JSON.parse(readFileSync(fileOf(dir), 'utf8')) as Running;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Whether a process of that id runs. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/**
 * Writes where this process's system is to be found to `run.json` in `dir`, for this user only, since there are credentials
 * in it. Returns what removes it.
 */
export const announce = (dir: string, env: Readonly<Record<string, string>>): (() => void) => {
  const running: Running = {
    pid: process.pid,
    env: Object.fromEntries(Object.entries(env).filter(([name]) => shared.includes(name))),
  };
  mkdirSync(dir, { recursive: true });
  const draft = `${fileOf(dir)}.${process.pid}`;
  rmSync(draft, { force: true });
  writeFileSync(draft, JSON.stringify(running), { mode: 0o600, flag: 'wx' });
  renameSync(draft, fileOf(dir));
  return () => {
    // Another one may have been started in the same folder since.
    if (read(dir)?.pid === process.pid) rmSync(fileOf(dir), { force: true });
  };
};

/** The system that was announced in `dir` and runs still. */
export const findRunning = (dir: string): Running | undefined => {
  const running = read(dir);
  return running && isRunning(running.pid) ? running : undefined;
};
