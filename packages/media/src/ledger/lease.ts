import type { MediaRequest, Origin } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import {
  type Asker,
  commandOf,
  type JobProgress,
  type LedgerOutcome,
  parseAsker,
  readAskers,
} from './asker.ts';
import type { Hold, Refusal } from './hold.ts';
import { Abandoned, type LeaseLost } from './lease-lost.ts';
import { ledgerScript } from './script.ts';

/** What a job turned out to be: its own thing, what another job is for, or what a job was for that is over. */
export type Identified =
  | { kind: 'ours' }
  /** The askers wait for that job now, and this one is gone, and the lease with it. */
  | { kind: 'merged'; into: string; leader: string }
  /** Look there for the object: `redirect` and complete with it, or `identify` again where there is none. */
  | { kind: 'elsewhere'; hash: string };

/**
 * The right to work on a job. It is renewed until it is ended or lost; one that ran out while Redis was away goes on where
 * nobody else took it. Everything but `askers` rejects with {@link LeaseLost} or {@link Abandoned}, and changes nothing,
 * where the job is not the holder's any more.
 */
export interface Lease {
  readonly hash: string;
  /** The fencing token: higher than that of every lease before. */
  readonly token: number;
  readonly request: MediaRequest;
  /** The correlation id of whoever asked first: the job's. */
  readonly leader: string;
  /** Of whoever asked first. */
  readonly origin: Origin;
  /** When the job came into the line, as a number that no other job ever has, also none for the same hash. */
  readonly place: number;
  /** From 1; one more whenever the job was to be tried again later. */
  readonly attempt: number;
  /** How many holders let their lease run out. */
  readonly deaths: number;
  /** Is there where this holder, or one before, completed the job: only draining is left. */
  readonly outcome: LedgerOutcome | undefined;
  /** Aborts with {@link LeaseLost} or {@link Abandoned}; not where the lease was ended by its holder. */
  readonly signal: AbortSignal;
  askers(): Promise<Asker[]>;
  /** Notes the progress for those who join later. */
  report(progress: JobProgress): Promise<void>;
  /**
   * Says what the job turned out to be (`extractor:id:kind[:quality]`). Ends the lease where it merges. An identity that
   * leads to `gone` becomes this job's.
   */
  identify(identity: string, gone?: string): Promise<Identified>;
  /** Sends whoever asks for this hash from now on to another. Those who wait here stay. */
  redirect(into: string): Promise<void>;
  /** Stores the outcome, to be drained by this holder or, should it die, by the next. */
  complete(outcome: LedgerOutcome): Promise<void>;
  /**
   * Delivers the outcome to each asker, also to those who join meanwhile, and then deletes the job; resolves with how many
   * were served. An asker is removed after its `deliver` resolved: a crash in between delivers to it once more, through the
   * next holder, and loses nobody. Where one rejects this rejects with its error, and the lease is left to run out.
   */
  drain(deliver: (asker: Asker, outcome: LedgerOutcome) => Promise<void>): Promise<number>;
  /** Ends the lease; the job can be claimed when the delay is over. */
  retryLater(delayMs: number): Promise<void>;
  /** Ends the lease; the job is the first of the line, or, where it was handed on, for whoever takes it next. */
  release(): Promise<void>;
  /**
   * Ends the lease; the job stays with its askers, for somebody to serve who takes it by its hash
   * ({@link Ledger.takeHandedOn}). `progress` is what those are told who join meanwhile.
   */
  handOn(progress?: JobProgress): Promise<void>;
  /** The fence before a side effect: asks Redis, and renews. */
  held(): Promise<void>;
}

/** What the scripts `join`, `claim` and `take-handed-on` return of a lease (`take` in ledger.lua). */
export type Taken = [
  hash: string,
  token: number,
  place: string,
  attempt: string,
  deaths: string | null,
  request: string,
  leader: string,
  origin: string,
  outcome: string | null,
];

const fenced = (name: string) => ledgerScript<'ok' | Refusal>(name);

const scripts = {
  report: fenced('report'),
  complete: fenced('complete'),
  redirect: fenced('redirect'),
  retryLater: fenced('retry-later'),
  release: fenced('release'),
  handOn: fenced('hand-on'),
  identify: ledgerScript<['ours'] | ['elsewhere', string] | ['merged', string, string] | Refusal>('identify'),
  drain: ledgerScript<string[] | Refusal>('drain'),
};

/** How many askers are served at once. */
const drainedAtOnce = 100;

/** The lease that a script has taken, held from here on. */
export const createLease = (taken: Taken, hold: Hold, redis: Redis): Lease => {
  const [hash, token, place, attempt, deaths, request, leader, origin, stored] = taken;
  let outcome = stored === null ? undefined : (JSON.parse(stored) as LedgerOutcome);

  /** Whatever comes of it, the holder is done: should Redis not hear of it, the lease runs out. */
  const giveBack = async (
    script: (typeof scripts)['release'],
    ...args: (string | number)[]
  ): Promise<void> => {
    hold.end();
    await hold.fenced(script, ...args);
  };

  /** Removes those who were told, and gives the next ones, none where the job is over. */
  const next = async (told: Asker[], limit: number): Promise<Asker[]> => {
    try {
      const commands = told.map((asker) => commandOf(asker.origin));
      return (await hold.fenced(scripts.drain, limit, ...commands)).map(parseAsker);
    } catch (error) {
      // The last ones have withdrawn.
      if (error instanceof Abandoned) return [];
      throw error;
    }
  };

  return {
    ...{ hash, token, leader, signal: hold.signal },
    ...{ place: Number(place), attempt: Number(attempt), deaths: Number(deaths ?? 0) },
    request: JSON.parse(request) as MediaRequest,
    origin: JSON.parse(origin) as Origin,
    get outcome() {
      return outcome;
    },
    askers: () => readAskers(redis, hash),
    report: async (progress) => {
      await hold.fenced(scripts.report, JSON.stringify(progress));
    },
    identify: (identity, gone = '') =>
      hold.deleting(async () => {
        const found = await hold.fenced(scripts.identify, identity, gone);
        if (found[0] === 'ours') return { kind: 'ours' };
        if (found[0] === 'elsewhere') return { kind: 'elsewhere', hash: found[1] };
        hold.end();
        const [kind, into, leader] = found;
        return { kind, into, leader };
      }),
    redirect: async (into) => {
      await hold.fenced(scripts.redirect, into);
    },
    complete: async (reached) => {
      await hold.fenced(scripts.complete, JSON.stringify(reached));
      outcome = reached;
    },
    drain: (deliver) =>
      hold.deleting(async () => {
        const delivered = outcome;
        if (!delivered) throw new Error('There is no outcome to deliver: complete the job first.');
        let served = 0;
        let told: Asker[] = [];
        try {
          for (;;) {
            const askers = await next(told, drainedAtOnce);
            if (askers.length === 0) return served;
            const results = await Promise.allSettled(askers.map(async (asker) => deliver(asker, delivered)));
            told = askers.filter((_, index) => results[index]?.status === 'fulfilled');
            served += told.length;
            const failed = results.find((result) => result.status === 'rejected');
            if (failed) {
              await next(told, 0);
              throw failed.reason;
            }
          }
        } finally {
          hold.end();
        }
      }),
    retryLater: (delayMs) => giveBack(scripts.retryLater, delayMs),
    release: () => giveBack(scripts.release),
    handOn: (progress) => giveBack(scripts.handOn, progress ? JSON.stringify(progress) : ''),
    held: hold.renew,
  };
};
