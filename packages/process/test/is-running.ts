import { execFileSync } from 'node:child_process';

/** For tests: true while the process exists and is no zombie waiting to be collected. */
export const isRunning = (pid: number): boolean => {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return state !== '' && !state.startsWith('Z');
  } catch {
    // ps exits with 1 where there is no such process.
    return false;
  }
};
