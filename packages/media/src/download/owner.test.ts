import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isDead, isGroupThere, isThisProcess, thisOwner } from './owner.ts';

describe('isDead', () => {
  it('is false of this process, and true of an earlier one with its id', () => {
    expect(isThisProcess(thisOwner)).toBe(true);
    expect(isDead(thisOwner)).toBe(false);
    const earlier = { ...thisOwner, startedAt: '1' };
    expect([isThisProcess(earlier), isDead(earlier)]).toEqual([false, true]);
  });

  it('is false of what runs elsewhere, as nobody knows', () => {
    expect(isDead({ pid: 2 ** 30, host: 'another-host', startedAt: '1' })).toBe(false);
  });

  it('is true once a process is gone, and where its id has gone to another', async () => {
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const owner = { ...thisOwner, pid: child.pid! };
    if (process.platform === 'linux') expect(isDead(owner)).toBe(true);
    expect(isGroupThere(child.pid!)).toBe(true);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    expect(isDead(owner)).toBe(true);
    expect(isGroupThere(child.pid!)).toBe(false);
  });
});
