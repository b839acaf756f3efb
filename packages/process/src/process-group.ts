import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { isGroupAlive, signalGroup } from './group-alive.ts';
import { type Reaper, sharedReaper } from './reaper.ts';

/** The command could not be started at all; `cause` is the system's error. */
export class SpawnFailed extends Error {
  override readonly name = 'SpawnFailed';
}

export interface Exit {
  /** Null where a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process with everything that it starts. What outlives the child is ended after it. */
export interface ProcessGroup {
  /** Process id of the child and id of the group; undefined where it could not be started. */
  readonly pid: number | undefined;
  readonly child: ChildProcess;
  /** The child's own exit. Rejects with {@link SpawnFailed}; need not be handled. */
  readonly exited: Promise<Exit>;
  /** Sends TERM to the whole group and, after `graceMs`, KILL; with 0 only KILL. Resolves when the group is gone. */
  end(graceMs?: number): Promise<void>;
}

export interface AdoptOptions {
  /** Ends the group when this process dies. Defaults to {@link sharedReaper}. */
  reaper?: Reaper;
  /** Ends the group. */
  signal?: AbortSignal;
  /** Milliseconds between TERM and KILL; 5,000 by default. */
  killGraceMs?: number;
}

export interface SpawnGroupOptions extends AdoptOptions {
  cwd?: string;
  /** The child's whole environment: nothing is inherited. */
  env: Record<string, string>;
  stdio?: StdioOptions;
}

const pollMs = 10;
/** What survives KILL for longer hangs in the kernel, on a dead disk for example: not waited for. */
const afterKillMs = 2000;

const isGoneWithin = async (group: number, ms: number): Promise<boolean> => {
  const until = performance.now() + ms;
  while (isGroupAlive(group)) {
    if (performance.now() >= until) return false;
    await delay(pollMs);
  }
  return true;
};

/**
 * Takes charge of a child that was spawned `detached`, and so leads a group of its own: for children that a library
 * spawns. Call it in the same turn as the spawn.
 */
export const adoptGroup = (child: ChildProcess, options: AdoptOptions = {}): ProcessGroup => {
  const { signal, killGraceMs = 5000 } = options;
  const group = child.pid;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', (cause) => {
      // Also raised where a signal could not be sent; then the child is there and its exit is still to come.
      if (group === undefined) reject(new SpawnFailed(`${child.spawnfile} could not be started`, { cause }));
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  // A caller that only uses end() must not crash on a command that is not there.
  exited.catch(() => {});
  if (group === undefined) return { pid: undefined, child, exited, end: async () => {} };

  const reaper = options.reaper ?? sharedReaper();
  reaper.watch(group, killGraceMs);

  // Once the group was seen gone its id may be given to another: nothing signals it any more.
  let gone = false;
  const settle = (): void => {
    gone = true;
    reaper.forget(group);
    signal?.removeEventListener('abort', onAbort);
  };

  const terminate = async (graceMs: number): Promise<void> => {
    if (gone) return;
    if (graceMs > 0) signalGroup(group, 'SIGTERM');
    if (!(await isGoneWithin(group, graceMs)) && !gone) {
      signalGroup(group, 'SIGKILL');
      await isGoneWithin(group, afterKillMs);
    }
    settle();
  };

  const end = async (graceMs = killGraceMs): Promise<void> => {
    await terminate(graceMs);
    await exited;
  };
  const onAbort = (): void => {
    void end();
  };

  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  child.once('exit', () => {
    if (isGroupAlive(group)) void terminate(killGraceMs);
    else settle();
  });
  return { pid: group, child, exited, end };
};

/**
 * Starts a command as the leader of a process group of its own, with exactly the given environment, and ends the group
 * when the leader exits, when `signal` aborts, and when this process dies.
 * @throws the signal's reason where it has already aborted.
 */
export const spawnGroup = (command: string, args: string[], options: SpawnGroupOptions): ProcessGroup => {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    detached: true,
    env: options.env,
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return adoptGroup(child, options);
};
