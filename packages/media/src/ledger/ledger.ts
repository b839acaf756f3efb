import { type CommandMessage, type MediaRequest, type Origin, redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { canonicalUrl } from '../canonical-url.ts';
import type { Log } from '../log.ts';
import { type Asker, commandOf, type JobProgress, parseAsker, readAskers } from './asker.ts';
import { createChanges } from './changes.ts';
import { createHold, type Hold } from './hold.ts';
import { createLease, type Lease, type Taken } from './lease.ts';
import { ledgerScript } from './script.ts';

/**
 * Where a job is after somebody joined it. `led`: he who joined has the lease. `waiting`: for a slot, or for another attempt.
 * `working`: a replica is at it. `ended`: there is an outcome, and the asker is about to be told. `handed_on`: somebody else
 * serves it.
 */
export type JobState = 'led' | 'waiting' | 'working' | 'ended' | 'handed_on';

export interface Joined {
  /** Of the job that the asker waits for: what the hash was found to be the same thing as, or itself. */
  hash: string;
  state: JobState;
  /** False where this message waited already. */
  isNew: boolean;
  /** In the line, from 1. */
  position?: number;
  /** The last report of whoever works on it. */
  progress?: JobProgress;
  /** The correlation id of whoever asked first: the job's. */
  leader: string;
  /** Only of state `led`. */
  lease?: Lease;
}

/** What came of taking a job that was handed on. */
export type TakenHandedOn =
  /** `handedOnAt` in Unix milliseconds, Redis' own. */
  | { kind: 'taken'; lease: Lease; handedOnAt: number }
  /** Nobody waits for it any more. */
  | { kind: 'gone' }
  /** Somebody has it, or it is still with whoever hands it on: to be looked at again after that time. */
  | { kind: 'held'; forMs: number }
  /** Its host has no room. */
  | { kind: 'full' };

/** A job as somebody sees it who only looks. */
export interface JobView {
  state: Exclude<JobState, 'led'>;
  /** Who works on it. */
  holder?: string;
  progress?: JobProgress;
  deaths: number;
  /** How many wait for it. */
  askers: number;
}

/** A job that was handed on, as the ledger knows it. */
export interface HandedOn {
  hash: string;
  request: MediaRequest;
  /** The correlation id of whoever asked first. */
  leader: string;
  origin: Origin;
  place: number;
}

/**
 * Who waits for which download, and the line of downloads: in Redis, changed by scripts only, so that each change is one
 * step for all replicas. Nothing in it lives longer than a week without a change; identities and redirects live for 30 days.
 */
export interface Ledger {
  /** The hash that this one was found to be the same thing as, or itself. */
  resolve(hash: string): Promise<string>;
  /**
   * Adds an asker, makes the job where there is none, and with `lead` takes the lease where {@link Ledger.claim} would now
   * give just this job. A message that waits already, be it for another hash, goes on waiting for that.
   * @throws {UrlInvalid} where the request has none that may be downloaded.
   */
  join(order: { hash: string; request: MediaRequest; asker: Asker; lead: boolean }): Promise<Joined>;
  /**
   * Takes the lease of a job that ran out or is due for another attempt, or else of the first of the line whose host is
   * below its limit.
   */
  claim(): Promise<Lease | null>;
  /**
   * Takes the lease of a job that was handed on, also of one whose holder died. Its attempts are counted by whoever serves
   * it.
   */
  takeHandedOn(hash: string): Promise<TakenHandedOn>;
  /** All jobs that were handed on and have not ended. */
  handedOn(): Promise<HandedOn[]>;
  /** What there is to see of a job; null where there is none. */
  look(hash: string): Promise<JobView | null>;
  /** What a command waits for. */
  find(command: CommandMessage): Promise<{ hash: string; asker: Asker; request: MediaRequest } | null>;
  askers(hash: string): Promise<Asker[]>;
  /**
   * Removes an asker; null where it waits for nothing. A job that nobody waits for any more is deleted at once in whatever
   * state, and whoever works on it hears of it.
   */
  withdraw(command: CommandMessage): Promise<{ hash: string; left: number } | null>;
  /** The first of those that wait, in order. */
  line(limit: number): Promise<{ hash: string; position: number }[]>;
  /**
   * Puts jobs that nobody would ever claim (in no line, under no lease, not handed on) back in line; returns their hashes.
   * Only lost index keys make such jobs.
   */
  sweep(): Promise<string[]>;
  /**
   * Hears of each change of a job, by its hash; stops by what is returned. The listener must not throw. Changes are missed
   * while the connection is away.
   */
  onChange(listener: (hash: string) => void): () => void;
  /** Leases that are held are renewed no more, and run out. The Redis client stays open. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  redis: Redis;
  /** Who has a lease, for people who look. */
  holder: string;
  /** How long after its holder's death a job is claimed by another. */
  leaseMs: number;
  /** How many jobs of one host are worked on at once, by all replicas together. */
  perHost: number;
  log: Log;
}

type JoinReply = [
  hash: string,
  isNew: 0 | 1,
  state: Exclude<JobState, 'led'>,
  position: number | null,
  progress: string | null,
  leader: string,
  taken: Taken | null,
];

type TakeReply = ['gone'] | ['held', number] | ['full'] | ['taken', Taken, string];

const scripts = {
  takeHandedOn: ledgerScript<TakeReply>('take-handed-on'),
  handedOn:
    ledgerScript<[hash: string, request: string, leader: string, origin: string, place: string][]>(
      'handed-on',
    ),
  join: ledgerScript<JoinReply>('join'),
  claim: ledgerScript<Taken | null>('claim'),
  withdraw: ledgerScript<[hash: string, left: number] | null>('withdraw'),
  find: ledgerScript<[hash: string, asker: string, request: string] | null>('find'),
  resolve: ledgerScript<string>('resolve'),
  sweep: ledgerScript<string[]>('sweep'),
};

/** How many keys Redis looks at in one step of a scan. */
const sweptAtOnce = 1000;

export const createLedger = ({ redis, holder, leaseMs, perHost, log }: LedgerOptions): Ledger => {
  const holds = new Map<Hold, string>();
  const checkAll = (): void => {
    for (const hold of holds.keys()) hold.check();
  };
  const changes = createChanges(redis, log, checkAll);
  const checkOf = (changed: string): void => {
    for (const [hold, hash] of holds) if (hash === changed) hold.check();
  };
  let isListening = false;

  const leaseOf = (taken: Taken): Lease => {
    if (!isListening) changes.onChange(checkOf);
    isListening = true;
    const [hash, token] = taken;
    const onEnd = (ended: Hold) => void holds.delete(ended);
    const hold = createHold({ redis, hash, token, leaseMs, log, onEnd });
    holds.set(hold, hash);
    return createLease(taken, hold, redis);
  };
  const worker = () => [perHost, leaseMs, holder, ...[...holds.keys()].map(({ token }) => token)];

  /** The hashes of all jobs, some at a time. */
  const scanJobs = async function* (): AsyncGenerator<string[]> {
    const prefix = redisKeys.ledger.job('');
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: sweptAtOnce })) {
      const hashes = (keys as string[]).map((key) => key.slice(prefix.length));
      if (hashes.length > 0) yield hashes;
    }
  };

  return {
    resolve: (hash) => scripts.resolve(redis, hash),
    join: async ({ hash, request, asker, lead }) => {
      const { origin, correlationId } = asker;
      // The canonical URL's: the ways to spell one site share its limit.
      const host = new URL(canonicalUrl(request.url)).hostname;
      const [found, isNew, state, position, progress, leader, taken] = await scripts.join(
        redis,
        hash,
        commandOf(origin),
        JSON.stringify(asker),
        JSON.stringify(request),
        host,
        correlationId,
        JSON.stringify(origin),
        lead ? 1 : 0,
        ...worker(),
      );
      return {
        ...{ hash: found, isNew: isNew === 1, leader, state: taken ? 'led' : state },
        ...(position !== null && { position }),
        ...(progress !== null && { progress: JSON.parse(progress) as JobProgress }),
        ...(taken && { lease: leaseOf(taken) }),
      };
    },
    claim: async () => {
      const taken = await scripts.claim(redis, ...worker());
      return taken && leaseOf(taken);
    },
    takeHandedOn: async (hash) => {
      const reply = await scripts.takeHandedOn(redis, hash, ...worker());
      switch (reply[0]) {
        case 'taken':
          return { kind: 'taken', lease: leaseOf(reply[1]), handedOnAt: Number(reply[2]) };
        case 'held':
          return { kind: 'held', forMs: reply[1] };
        default:
          return { kind: reply[0] };
      }
    },
    handedOn: async () => {
      // A scan may give the same key twice.
      const found = new Map<string, HandedOn>();
      for await (const hashes of scanJobs())
        for (const [hash, request, leader, origin, place] of await scripts.handedOn(redis, ...hashes))
          found.set(hash, {
            ...{ hash, leader, place: Number(place) },
            request: JSON.parse(request) as MediaRequest,
            origin: JSON.parse(origin) as Origin,
          });
      return [...found.values()];
    },
    look: async (hash) => {
      const { job, askers } = redisKeys.ledger;
      const fields = ['state', 'holder', 'progress', 'deaths'];
      const [state, holder, progress, deaths] = await redis.hmget(job(hash), ...fields);
      if (!state) return null;
      return {
        state: state as JobView['state'],
        ...(holder ? { holder } : {}),
        ...(progress ? { progress: JSON.parse(progress) as JobProgress } : {}),
        ...{ deaths: Number(deaths ?? 0), askers: await redis.hlen(askers(hash)) },
      };
    },
    find: async (command) => {
      const found = await scripts.find(redis, commandOf(command));
      if (!found) return null;
      const [hash, asker, request] = found;
      return { hash, asker: parseAsker(asker), request: JSON.parse(request) as MediaRequest };
    },
    askers: (hash) => readAskers(redis, hash),
    withdraw: async (command) => {
      const withdrawn = await scripts.withdraw(redis, commandOf(command));
      return withdrawn && { hash: withdrawn[0], left: withdrawn[1] };
    },
    line: async (limit) => {
      if (limit < 1) return [];
      const hashes = await redis.zrange(redisKeys.ledger.waiting, 0, String(limit - 1));
      return hashes.map((hash, index) => ({ hash, position: index + 1 }));
    },
    sweep: async () => {
      const found: string[] = [];
      for await (const hashes of scanJobs()) found.push(...(await scripts.sweep(redis, ...hashes)));
      return found;
    },
    onChange: changes.onChange,
    close: async () => {
      for (const hold of [...holds.keys()]) hold.end();
      changes.close();
    },
  };
};
