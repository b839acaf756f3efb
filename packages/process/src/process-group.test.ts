import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { isRunning } from '../test/is-running.ts';
import { type ProcessGroup, SpawnFailed, spawnGroup, startReaper } from './index.ts';

const env = { PATH: '/usr/bin:/bin' };
const reaper = startReaper();
afterAll(() => reaper.close());

const shell = (script: string, options: { signal?: AbortSignal; killGraceMs?: number } = {}): ProcessGroup =>
  spawnGroup('/bin/sh', ['-c', script], { env, reaper, ...options });

const firstLine = async (group: ProcessGroup): Promise<number[]> => {
  const [line] = (await once(createInterface(group.child.stdout as Readable), 'line')) as [string];
  return line.split(' ').map(Number);
};

const goneSoon = (pid: number) => vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5000 });

describe('spawnGroup', () => {
  it('tells how the child ended', async () => {
    expect(await shell('exit 7').exited).toEqual({ code: 7, signal: null });
    expect(await shell('kill -9 $$').exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('gives the child the named environment and nothing of its own', async () => {
    vi.stubEnv('HEAVY_SECRET', 'canary');
    const group = spawnGroup('/usr/bin/env', [], { env: { ONLY: 'this' }, reaper });
    let text = '';
    group.child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await once(group.child, 'close');
    expect(text).toBe('ONLY=this\n');
  });

  it('ends the child and what the child started', async () => {
    const group = shell('sleep 300 & echo $$ $!; wait');
    const pids = await firstLine(group);
    expect(pids.map(isRunning)).toEqual([true, true]);
    await group.end();
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect(await group.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('kills a group that ignores TERM, after the grace', async () => {
    const group = shell(`trap '' TERM; sleep 300 & echo $$ $!; wait; wait`);
    const pids = await firstLine(group);
    const startedAt = performance.now();
    await group.end(150);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(150);
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect(await group.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('kills at once where no grace is given: nobody is told before', async () => {
    const group = shell(`sleep 300 & echo $$ $!; wait`);
    const pids = await firstLine(group);
    await group.end(0);
    expect(pids.map(isRunning)).toEqual([false, false]);
    expect(await group.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('ends a member that outlives the leader', async () => {
    const group = shell('sleep 300 >/dev/null 2>&1 & echo $!');
    const [member] = await firstLine(group);
    expect(await group.exited).toEqual({ code: 0, signal: null });
    await goneSoon(member!);
  });

  it('ends the group when the signal aborts, and starts none when it has', async () => {
    const abort = new AbortController();
    const group = shell('sleep 300 & echo $$ $!; wait', { signal: abort.signal });
    const pids = await firstLine(group);
    abort.abort(new Error('withdrawn'));
    await group.exited;
    for (const pid of pids) await goneSoon(pid);
    expect(() => shell('echo no', { signal: abort.signal })).toThrow('withdrawn');
  });

  it('names the command that cannot be started, and survives it unhandled', async () => {
    const group = spawnGroup('/no/such/command', [], { env, reaper });
    expect(group.pid).toBeUndefined();
    const failure = await group.exited.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SpawnFailed);
    expect((failure as SpawnFailed).cause).toMatchObject({ code: 'ENOENT' });
    await group.end();
  });

  it('signals nobody once the group is gone', async () => {
    const group = shell('exit 0');
    await group.exited;
    const kill = vi.spyOn(process, 'kill');
    await group.end();
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
  });
});
