import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { isRunning } from '../test/is-running.ts';
import { spawnGroup, startReaper } from './index.ts';

const fixture = fileURLToPath(new URL('../test/fixtures/owner.ts', import.meta.url));
const env = { PATH: '/usr/bin:/bin' };

const startOwner = async (...args: string[]): Promise<{ owner: ChildProcess; pids: number[] }> => {
  const owner = spawn(process.execPath, [fixture, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(owner.stdout as Readable), 'line')) as [string];
  return { owner, pids: line.split(' ').map(Number) };
};

const goneSoon = (pids: number[]) =>
  vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 10_000 });

describe('startReaper', { timeout: 20_000 }, () => {
  it('ends every group of an owner that is killed with -9, deaf ones too, and then itself', async () => {
    const { owner, pids } = await startOwner();
    const [group, member, helper] = pids;
    expect(pids.filter(isRunning)).toEqual([group, member, helper]);
    owner.kill('SIGKILL');
    await goneSoon(pids);
  });

  it('ends the groups of an owner that exits without ending them', async () => {
    const { owner, pids } = await startOwner('leave');
    owner.stdin?.write('go\n');
    await once(owner, 'exit');
    await goneSoon(pids);
  });

  it('ends what is left and itself when it is closed', async () => {
    const reaper = startReaper();
    const helper = reaper.pid;
    const group = spawnGroup('/bin/sleep', ['300'], { env, reaper });
    await reaper.close();
    expect(await group.exited).toEqual({ code: null, signal: 'SIGTERM' });
    await goneSoon([helper!]);
    expect(() => reaper.watch(12345, 0)).toThrow('The reaper is closed');
  });

  it('leaves alone a group that it was told to forget', async () => {
    const reaper = startReaper();
    const other = startReaper();
    const group = spawnGroup('/bin/sleep', ['300'], { env, reaper });
    reaper.forget(group.pid!);
    await reaper.close();
    expect(isRunning(group.pid!)).toBe(true);
    other.watch(group.pid!, 0);
    await other.close();
    expect(await group.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it.runIf(process.platform === 'linux')('is not ended by a signal', async () => {
    const reaper = startReaper();
    const helper = reaper.pid!;
    // The last handler that the helper installs: SIGQUIT is bit 2.
    const quit = 1n << 2n;
    await vi.waitFor(() => {
      const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${helper}/status`, 'utf8'))?.[1];
      expect(BigInt(`0x${caught}`) & quit).toBe(quit);
    });
    const group = spawnGroup('/bin/sleep', ['300'], { env, reaper });
    process.kill(helper, 'SIGTERM');
    await reaper.close();
    expect(await group.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isRunning(helper)).toBe(false);
  });

  it('hands its groups to another helper when it is killed itself', async () => {
    const reaper = startReaper();
    const helper = reaper.pid!;
    const first = spawnGroup('/bin/sleep', ['300'], { env, reaper });
    process.kill(helper, 'SIGKILL');
    await vi.waitFor(() => expect(reaper.pid).not.toBe(helper));
    const second = spawnGroup('/bin/sleep', ['300'], { env, reaper });
    await reaper.close();
    expect(await first.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await second.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
