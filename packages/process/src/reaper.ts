import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isGroupAlive } from './group-alive.ts';

const script = fileURLToPath(new URL('./reaper-process.ts', import.meta.url));

/** Ends registered process groups when the process that started it dies, even of `kill -9`. */
export interface Reaper {
  /** From now on the group ends with this process: TERM, and after `graceMs` milliseconds KILL. */
  watch(group: number, graceMs: number): void;
  /** The group is gone; its id may soon be somebody else's. */
  forget(group: number): void;
  /** Ends what is still watched, then the helper; resolves when the helper is gone. */
  close(): Promise<void>;
  /** Process id of the helper; undefined while there is none. */
  readonly pid: number | undefined;
}

/** Closes the pipe of a helper and waits for its exit. */
const endOf = (helper: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (helper.exitCode !== null || helper.signalCode !== null) return resolve();
    helper.ref();
    helper.once('exit', () => resolve()).once('error', () => resolve());
    helper.stdin?.end();
  });

/** A helper that dies sooner than this after its start is not started again until the next group is watched. */
const tooShortMs = 1000;

/**
 * Starts the helper process of a reaper: one small Node process in a session of its own, joined to this one by nothing
 * but a pipe. It never keeps this process alive. Should the helper itself be killed, another takes over its groups.
 */
export const startReaper = (): Reaper => {
  const watched = new Map<number, number>();
  let helper: ChildProcess | undefined;
  let closed = false;

  const tell = (order: string): void => {
    helper?.stdin?.write(`${order}\n`);
  };

  const start = (): void => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [script], {
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    helper = child;
    child.unref();
    // A child's stdin is a socket, which its type does not say; referenced, it would keep this process alive.
    (child.stdin as unknown as { unref?: () => void }).unref?.();
    let over = false;
    const restart = (): void => {
      if (over) return;
      over = true;
      if (helper === child) helper = undefined;
      if (!closed && watched.size > 0 && performance.now() - startedAt > tooShortMs) start();
    };
    child.once('exit', restart).once('error', restart);
    // EPIPE: the helper is gone, and its exit is handled above.
    child.stdin?.on('error', () => {});
    for (const [group, graceMs] of watched) tell(`+${group} ${graceMs}`);
  };

  start();
  return {
    get pid() {
      return helper?.pid;
    },
    watch(group, graceMs) {
      if (closed)
        throw new Error('The reaper is closed: start processes before it is, or give them another.');
      watched.set(group, graceMs);
      if (helper) tell(`+${group} ${graceMs}`);
      else start();
    },
    forget(group) {
      if (watched.delete(group)) tell(`-${group}`);
    },
    async close() {
      closed = true;
      do {
        if (!helper && watched.size > 0) start();
        if (helper) await endOf(helper);
        // A helper that was killed in the middle has left groups behind: another ends them.
      } while ([...watched.keys()].some(isGroupAlive));
    },
  };
};

let shared: Reaper | undefined;

/** The reaper that all groups of this process share unless they are given another; started at its first use. */
export const sharedReaper = (): Reaper => {
  shared ??= startReaper();
  return shared;
};
