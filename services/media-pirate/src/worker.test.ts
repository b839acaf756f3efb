import type { Lease, Ledger } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWorker } from './worker.ts';

const silent = () => undefined;
const log = {
  ...{ debug: silent, info: silent, warn: silent, error: silent },
} satisfies Partial<Logger> as Partial<Logger> as Logger;

const lease = (hash: string) => ({ hash }) as Lease;

/** A ledger with a line of its own, and work that ends when the test says so. */
const createScene = (
  line: string[],
  options: { slots?: number; isOpen?: () => boolean; claimed?: () => Promise<void> } = {},
) => {
  const { slots = 2, isOpen = () => true, claimed = async () => undefined } = options;
  const listeners = new Set<(hash: string) => void>();
  const runs: { hash: string; end: PromiseWithResolvers<void>; stopping: AbortSignal }[] = [];
  const ledger: Pick<Ledger, 'claim' | 'onChange'> = {
    claim: async () => {
      const hash = line.shift();
      await claimed();
      return hash === undefined ? null : lease(hash);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const lineMoved = vi.fn<() => void>();
  const worker = createWorker({
    ledger: ledger as Ledger,
    slots,
    run: (one, stopping) => {
      const end = Promise.withResolvers<void>();
      stopping.addEventListener('abort', () => end.resolve());
      runs.push({ hash: one.hash, end, stopping });
      return end.promise;
    },
    mayBegin: async () => isOpen(),
    lineMoved,
    log,
    pollMs: 3_600_000,
  });
  workers.push(worker);
  const change = () => {
    for (const listener of listeners) listener('x');
  };
  return { worker, runs, lineMoved, change, line, running: () => runs.map(({ hash }) => hash) };
};

const workers: ReturnType<typeof createWorker>[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
});

describe('createWorker', () => {
  it('claims as many jobs as it has slots, and the next when one ends', async () => {
    const scene = createScene(['a', 'b', 'c']);
    await vi.waitFor(() => expect(scene.running()).toEqual(['a', 'b']));
    scene.runs[0]?.end.resolve();
    await vi.waitFor(() => expect(scene.running()).toEqual(['a', 'b', 'c']));
  });

  it('goes on after a job that fails', async () => {
    const scene = createScene(['a', 'b'], { slots: 1 });
    await vi.waitFor(() => expect(scene.running()).toEqual(['a']));
    scene.runs[0]?.end.reject(new Error('bad'));
    await vi.waitFor(() => expect(scene.running()).toEqual(['a', 'b']));
  });

  it('looks again when the ledger has changed', async () => {
    const scene = createScene([]);
    await Promise.resolve();
    scene.line.push('a');
    scene.change();
    await vi.waitFor(() => expect(scene.running()).toEqual(['a']));
  });

  it('keeps a reserved slot free, and fills it when it is given back', async () => {
    const scene = createScene([], { slots: 1 });
    await vi.waitFor(() => expect(scene.worker.reserve()).not.toBeNull());
    expect(scene.worker.reserve()).toBeNull();
  });

  it('runs what a reserved slot takes, once', async () => {
    const scene = createScene([], { slots: 1 });
    const slot = await vi.waitFor(() => {
      const free = scene.worker.reserve();
      expect(free).not.toBeNull();
      return free;
    });
    slot?.take(lease('led'));
    slot?.release();
    expect(scene.running()).toEqual(['led']);
    expect(scene.worker.reserve()).toBeNull();
  });

  it('begins nothing while it may not, and says that the line stands', async () => {
    let isOpen = false;
    const scene = createScene(['a'], { isOpen: () => isOpen });
    await vi.waitFor(() => expect(scene.lineMoved).toHaveBeenCalled());
    expect(scene.running()).toEqual([]);
    expect(scene.worker.reserve()).toBeNull();
    isOpen = true;
    scene.change();
    await vi.waitFor(() => expect(scene.running()).toEqual(['a']));
  });

  it('leads nothing while it cannot tell whether it may', async () => {
    let isAway = true;
    const scene = createScene(['a'], {
      slots: 2,
      isOpen: () => {
        if (isAway) throw new Error('no such folder');
        return true;
      },
    });
    await vi.waitFor(() => expect(scene.worker.reserve()).toBeNull());
    isAway = false;
    scene.change();
    await vi.waitFor(() => expect(scene.running()).toEqual(['a']));
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'looks again when it is told so %d steps after it has found nothing',
    async (steps) => {
      const last = Promise.withResolvers<void>();
      const scene = createScene([], { claimed: () => last.promise });
      await new Promise(setImmediate);
      last.resolve();
      for (let step = 0; step < steps; step += 1) await undefined;
      scene.line.push('a');
      scene.change();
      await vi.waitFor(() => expect(scene.running()).toEqual(['a']));
    },
  );

  it('stops what runs in time though the line cannot be looked at', async () => {
    const away = Promise.withResolvers<void>();
    let claims = 0;
    const scene = createScene(['a'], { claimed: async () => (++claims > 1 ? away.promise : undefined) });
    await vi.waitFor(() => expect(claims).toBe(2));
    const stopped = scene.worker.stop(1);
    await vi.waitFor(() => expect(scene.runs[0]?.stopping.aborted).toBe(true));
    away.resolve();
    await stopped;
  });

  it('stops what does not end in time, and begins nothing more', async () => {
    const scene = createScene(['a', 'b', 'c']);
    await vi.waitFor(() => expect(scene.running()).toEqual(['a', 'b']));
    await scene.worker.stop(1);
    expect(scene.runs.map(({ stopping }) => stopping.aborted)).toEqual([true, true]);
    expect(scene.running()).toEqual(['a', 'b']);
    expect(scene.worker.reserve()).toBeNull();
  });
});
