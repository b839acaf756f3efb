import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tryHold, withInstallLock } from './install-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('tryHold', () => {
  it('gives a lock to one holder at a time', () => {
    const release = tryHold(folder, 'one');
    expect(release).toBeTypeOf('function');
    expect(tryHold(folder, 'one')).toBeUndefined();
    tryHold(folder, 'another')?.();
    release?.();
    expect(tryHold(folder, 'one')).toBeTypeOf('function');
  });

  it('is free again once the process that held it was killed', async () => {
    const source = `import { tryHold } from ${JSON.stringify(new URL('install-lock.ts', import.meta.url).href)};
      tryHold(${JSON.stringify(folder)}, 'one'); process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', source]);
    await once(holder.stdout, 'data');
    expect(tryHold(folder, 'one')).toBeUndefined();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(tryHold(folder, 'one')).toBeTypeOf('function');
  });
});

describe('withInstallLock', () => {
  it('waits for the other holder, says so once, and gives the lock back when the work throws', async () => {
    const first = Promise.withResolvers<void>();
    const onWait = vi.fn();
    const order: string[] = [];
    const one = withInstallLock({ folder, name: 'x' }, async () => {
      await first.promise;
      order.push('one');
      throw new Error('failed');
    });
    const two = withInstallLock({ folder, name: 'x', onWait }, async () => order.push('two'));
    await vi.waitFor(() => expect(onWait).toHaveBeenCalledOnce());
    first.resolve();
    await expect(one).rejects.toThrow('failed');
    await two;
    expect(order).toEqual(['one', 'two']);
    expect(onWait).toHaveBeenCalledOnce();
  });

  it('stops waiting when the signal aborts', async () => {
    const release = tryHold(folder, 'x');
    const stop = new AbortController();
    const waiting = withInstallLock({ folder, name: 'x', signal: stop.signal }, async () => {});
    stop.abort();
    await expect(waiting).rejects.toThrow(/abort/i);
    release?.();
  });
});
