import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process as another one can recognise it. Hosts (or containers) that share a work folder need names of their own. */
export interface Owner {
  pid: number;
  host: string;
  /** Tells a process from a later one with its id: the clock tick it started at on Linux, elsewhere a random id. */
  startedAt: string;
}

/** State and start of a process: fields 3 and 22 of /proc/<pid>/stat, proc(5). Null where they cannot be read. */
const statOf = (pid: number): { isOver: boolean; startedAt: string } | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command, in parentheses, may hold any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { isOver: ['Z', 'X'].includes(fields[0] ?? ''), startedAt: fields[19] ?? '' };
  } catch {
    // No such process, or no /proc: the caller asks the other way.
    return null;
  }
};

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, it is there too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
};

/** This process. */
export const thisOwner: Owner = {
  pid: process.pid,
  host: hostname(),
  startedAt: statOf(process.pid)?.startedAt ?? randomUUID(),
};

export const isThisProcess = ({ pid, host, startedAt }: Owner): boolean =>
  pid === thisOwner.pid && host === thisOwner.host && startedAt === thisOwner.startedAt;

/** True only where it is certain: on this host, and no such process, or another one under its id. */
export const isDead = (owner: Owner): boolean => {
  const { pid, host, startedAt } = owner;
  if (host !== thisOwner.host) return false;
  if (pid === thisOwner.pid) return !isThisProcess(owner);
  if (!isThere(pid)) return true;
  const stat = statOf(pid);
  return stat !== null && (stat.isOver || stat.startedAt !== startedAt);
};

/** True while a process group may have a member that runs. */
export const isGroupThere = (group: number): boolean => isThere(-group) && statOf(group)?.isOver !== true;
