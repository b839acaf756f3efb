import { readdirSync, readFileSync } from 'node:fs';

/** Fields of /proc/<pid>/stat after the command, which stands in parentheses and may hold any character: proc(5). */
const stateAndGroup = (pid: string): { state: string; group: number } | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group) };
  } catch {
    // The process ended between the listing and the reading.
    return null;
  }
};

const hasOnlyZombies = (group: number): boolean => {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(stateAndGroup)
      .every((one) => one?.group !== group || one.state === 'Z' || one.state === 'X');
  } catch {
    // No /proc (macOS): there a group of zombies has already answered EPERM.
    return false;
  }
};

/** True while the group exists, zombies included: the cheap question. */
const isGroupThere = (group: number): boolean => {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    // ESRCH: gone. EPERM: what macOS says of a group of zombies; ours run as our own user.
    return false;
  }
};

/**
 * True while the group has a member that runs. Orphans that an init process does not collect (as in many containers)
 * stay zombies for ever, and are not waited for.
 */
export const isGroupAlive = (group: number): boolean => isGroupThere(group) && !hasOnlyZombies(group);

/** Signals every member; a group that is gone is what was wanted. */
export const signalGroup = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH, EPERM: gone between the look and the signal.
  }
};
