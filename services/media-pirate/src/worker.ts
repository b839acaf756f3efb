import type { Lease, Ledger } from '@heavy/media';
import type { Logger } from '@heavy/service';

/** The right to run one download on this replica. Given back unless it is used. */
export interface Slot {
  take(lease: Lease): void;
  release(): void;
}

export interface WorkerOptions {
  ledger: Ledger;
  /** Downloads at the same time. */
  slots: number;
  /** Does the work of a lease to its end; what it throws is only logged. `stopping` aborts when the service stops. */
  run: (lease: Lease, stopping: AbortSignal) => Promise<void>;
  /** Whether a new download may begin at all. */
  mayBegin: () => Promise<boolean>;
  /** Called after the line has moved, or cannot. */
  lineMoved: () => void;
  log: Logger;
  /** Least often that the line is looked at, in milliseconds: what is due by time alone announces itself to nobody. */
  pollMs?: number;
}

/** Claims jobs from the ledger whenever there is a free slot for them, and runs them. */
export const createWorker = (options: WorkerOptions) => {
  const { ledger, slots, run, mayBegin, lineMoved, log, pollMs = 1000 } = options;
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let reserved = 0;
  let isOpen = true;
  let isDraining = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const hasFree = (): boolean => !isDraining && running.size + reserved < slots;

  const start = (lease: Lease): void => {
    const work = run(lease, stopping.signal)
      .catch((err: unknown) => log.error({ err, hash: lease.hash }, 'a download job ended badly'))
      .finally(() => {
        running.delete(work);
        look();
      });
    running.add(work);
  };

  const claimAll = async (): Promise<void> => {
    isOpen = await mayBegin();
    let moved = !isOpen;
    while (isOpen && hasFree()) {
      reserved += 1;
      try {
        const lease = await ledger.claim();
        if (!lease) break;
        start(lease);
        moved = true;
      } finally {
        reserved -= 1;
      }
    }
    if (moved) lineMoved();
  };

  const lookOn = async (): Promise<void> => {
    try {
      while (lookAgain && !isDraining) {
        lookAgain = false;
        await claimAll();
      }
    } catch (err) {
      // Nothing is led either, until a look succeeds.
      isOpen = false;
      log.warn({ err }, 'the line of downloads cannot be looked at; trying again');
    } finally {
      // In the same step in which it was seen that nothing is left: no call of `look` falls in between.
      looking = undefined;
    }
  };

  /** One look at a time; what happens meanwhile is looked at after it. */
  const look = (): void => {
    lookAgain = true;
    if (!isDraining) looking ??= lookOn();
  };

  const timer = setInterval(look, pollMs);
  const unsubscribe = ledger.onChange(() => {
    if (hasFree()) look();
  });
  look();

  return {
    /** Keeps a slot for a job that is about to be led; null where none is free. */
    reserve: (): Slot | null => {
      if (!isOpen || !hasFree()) return null;
      reserved += 1;
      let isHeld = true;
      const free = (): void => {
        if (isHeld) reserved -= 1;
        isHeld = false;
      };
      return {
        take: (lease) => {
          free();
          start(lease);
        },
        release: () => {
          if (!isHeld) return;
          free();
          look();
        },
      };
    },
    /** Begins nothing more; what runs has `graceMs` to end, and then hands its jobs back. */
    stop: async (graceMs: number): Promise<void> => {
      isDraining = true;
      clearInterval(timer);
      unsubscribe();
      const timeout = setTimeout(() => stopping.abort(new Error('media-pirate stops')), graceMs);
      await looking;
      await Promise.all(running);
      clearTimeout(timeout);
    },
  };
};

export type Worker = ReturnType<typeof createWorker>;
