import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import { Abandoned, LeaseLost } from './lease-lost.ts';
import { type LedgerScript, ledgerScript } from './script.ts';

/** What a script returns to a holder whose token is not the job's: another has the lease or nobody; there is no job. */
export type Refusal = 'lost' | 'gone';

const renew = ledgerScript<'ok' | Refusal>('renew');

/** Keeps one lease alive, and notices when it is lost. */
export interface Hold {
  readonly token: string;
  /** Aborts with {@link LeaseLost} or {@link Abandoned}; never after `end`. */
  readonly signal: AbortSignal;
  /** Runs a script that takes hash and token first. Rejects with {@link LeaseLost} or {@link Abandoned} where it refuses. */
  fenced<R>(script: LedgerScript<R>, ...args: (string | number)[]): Promise<Exclude<R, Refusal>>;
  /** Rejects unless the lease is held right now. */
  renew(): Promise<void>;
  /** Renews in the background: something has changed, or changes may have been missed. */
  check(): void;
  /** Does what may delete the job: meanwhile its being gone aborts nothing. */
  deleting<T>(task: () => Promise<T>): Promise<T>;
  /** No longer renews: the lease runs out, unless the holder gives it back. */
  end(): void;
}

export interface HoldOptions {
  redis: Redis;
  hash: string;
  token: number;
  leaseMs: number;
  log: Log;
  /** Called once, when the hold has ended, either way. */
  onEnd: (hold: Hold) => void;
}

/** Renews three times in the length of a lease; where Redis is away, it waits and goes on. */
export const createHold = ({ redis, hash, token, leaseMs, log, onEnd }: HoldOptions): Hold => {
  const controller = new AbortController();
  let isOver = false;
  let deletions = 0;
  let checking = false;
  let checkAgain = false;

  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    onEnd(hold);
  };
  const lose = (error: LeaseLost | Abandoned): void => {
    if (isOver || (deletions > 0 && error instanceof Abandoned)) return;
    end();
    controller.abort(error);
  };

  const hold: Hold = {
    token: String(token),
    signal: controller.signal,
    fenced: async <R>(script: LedgerScript<R>, ...args: (string | number)[]) => {
      const reply: R | Refusal = await script(redis, hash, token, ...args);
      if (reply === 'lost' || reply === 'gone') {
        const error = reply === 'lost' ? new LeaseLost(hash) : new Abandoned(hash);
        lose(error);
        throw error;
      }
      return reply as Exclude<R, Refusal>;
    },
    renew: async () => {
      await hold.fenced(renew, leaseMs);
    },
    check: () => {
      checkAgain = checking;
      if (checking || isOver) return;
      checking = true;
      hold
        .renew()
        // Lost leases are told by the signal; where Redis is away, the next beat tries again.
        .catch((err: unknown) => log.debug({ err, contentHash: hash }, 'lease not renewed'))
        .finally(() => {
          checking = false;
          if (checkAgain) hold.check();
        });
    },
    deleting: async (task) => {
      deletions += 1;
      try {
        return await task();
      } finally {
        deletions -= 1;
      }
    },
    end,
  };

  const timer = setInterval(hold.check, leaseMs / 3).unref();
  return hold;
};
