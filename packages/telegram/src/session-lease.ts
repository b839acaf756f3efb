import { randomUUID } from 'node:crypto';
import { sleep, untilAborted, within } from '@heavy/timing';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** The lease is over: nothing may be done under it any more. */
export class SessionLeaseLost extends Error {
  override readonly name = 'SessionLeaseLost';
}

/** The right to use a session: one process has it at a time. */
export interface SessionLease {
  /** Aborts with {@link SessionLeaseLost} once the lease is lost, released, or may have run out. */
  readonly signal: AbortSignal;
  /** When it was taken. */
  readonly since: Date;
  /**
   * After so long without a sign of life Telegram has to end a connection that is made under this lease: its holder may be
   * frozen, and nobody else is connected before that has happened.
   */
  readonly silenceMs: number;
  /**
   * The fence before whatever others can see: throws unless the lease is certainly held, by the clock and not by a timer that may
   * be late, so that a process that was frozen notices before it does anything.
   * @throws {SessionLeaseLost}
   */
  check(): void;
  /** Gives it back: whoever waits has it at once. */
  release(): Promise<void>;
}

export interface SessionLeaseOptions {
  redis: Redis;
  /** `redisKeys.session` of the contracts, with the session's fingerprint. */
  key: string;
  /** Who this is, for those who wait and for the operator. */
  holder: string;
  /** How long it is held without a sign of life; 10 s by default. */
  leaseMs?: number;
  /** Ends the waiting. */
  signal: AbortSignal;
  /** Told whom is waited for: once, and whenever that changes. */
  onWaiting?: (holder: string) => void;
  log: Logger;
}

/** Who has a session, as Redis knows it. */
export interface SessionHolder {
  holder: string;
  /** When it was taken, in ISO 8601. */
  since: string;
}

/**
 * Parts of a lease's length, which begins anew with each renewal. For half of it the holder is certain; then it closes its
 * connection. One that is frozen closes nothing: Telegram ends its connection after `silence`, which is still within the lease.
 */
const parts = { renewal: 0.2, certainty: 0.5, silence: 0.4 };

const lookEveryMs = 250;
const releaseWithinMs = 1000;

/**
 * Takes or prolongs the lease, in one step; also for a holder that Redis has forgotten, and for one that takes it a second time
 * because the first answer was lost. The token is a UUID, so that a value which has it in it is the token's own.
 *
 * KEYS[1]  the lease
 * ARGV[1]  token
 * ARGV[2]  value, with the token in it
 * ARGV[3]  milliseconds
 * Returns  nil: it is ours; else the value of who has it
 */
const takeLua = `
local value = redis.call('GET', KEYS[1])
if value and not string.find(value, ARGV[1], 1, true) then return value end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return nil`;

/**
 * Gives the lease back, if it still is that holder's.
 *
 * KEYS[1]  the lease
 * ARGV[1]  token
 */
const releaseLua = `
local value = redis.call('GET', KEYS[1])
if value and string.find(value, ARGV[1], 1, true) then redis.call('DEL', KEYS[1]) end`;

const read = (value: string): SessionHolder => {
  try {
    const { holder, since }: Partial<Record<string, unknown>> = JSON.parse(value) ?? {};
    return { holder: String(holder), since: String(since) };
  } catch {
    // Whatever wrote it has the session as long as it stands there.
    return { holder: 'unknown', since: 'unknown' };
  }
};

/** Who has the session with that key; null where nobody has. */
export const sessionHolder = async (redis: Redis, key: string): Promise<SessionHolder | null> => {
  const value = await redis.get(key);
  return value === null ? null : read(value);
};

/** A moment on two clocks, and how long ago it is by the one that says more. */
export const moment = () => {
  // The one does not count the time for which the machine sleeps; the other can be set, and must not prolong anything then.
  const [monotonic, wall] = [performance.now(), Date.now()];
  return { agoMs: (): number => Math.max(performance.now() - monotonic, Date.now() - wall) };
};
export type Moment = ReturnType<typeof moment>;

/**
 * Waits for the session as long as another process has it, and holds it from then on: it is renewed by itself. While Redis is away
 * it counts as held for half of its length. What counts is when a renewal was sent, and not when its answer came.
 * Rejects with the signal's reason when that aborts; an error of Redis is logged and waited out.
 */
export const acquireSessionLease = async (options: SessionLeaseOptions): Promise<SessionLease> => {
  const { redis, key, holder, leaseMs = 10_000, signal, onWaiting, log } = options;
  const token = randomUUID();
  const certainMs = leaseMs * parts.certainty;

  /** The value of who has it, or null where it is ours for `leaseMs`. */
  const take = async (since: Date): Promise<string | null> => {
    const value = JSON.stringify({ holder, token, since });
    return (await redis.eval(takeLua, 1, key, token, value, leaseMs)) as string | null;
  };
  // Redis keeps the order of one connection's commands, also of those that waited for it: nothing comes after this.
  const giveBack = async (): Promise<void> => {
    const given = redis.eval(releaseLua, 1, key, token);
    await within(given, releaseWithinMs, () => new Error('no answer of Redis')).catch((err: unknown) =>
      log.warn({ err, key }, 'the session was not given back: others wait until its lease has run out'),
    );
  };

  const wait = async (): Promise<{ since: Date; sent: Moment }> => {
    let waitingFor: string | undefined;
    let failed = false;
    for (;;) {
      const since = new Date();
      const sent = moment();
      try {
        const value = await untilAborted(take(since), signal);
        // Where the answer took too long, taking it again prolongs it.
        if (value === null && sent.agoMs() < certainMs) return { since, sent };
        failed = false;
        const other = value === null ? undefined : read(value).holder;
        if (other !== undefined && other !== waitingFor) onWaiting?.(other);
        waitingFor = other;
      } catch (err) {
        // The answer that is not waited for may be that it is ours.
        if (signal.aborted) await giveBack();
        signal.throwIfAborted();
        if (!failed) log.warn({ err, key }, 'the session cannot be asked for');
        failed = true;
      }
      await sleep(lookEveryMs, signal);
    }
  };

  signal.throwIfAborted();
  const held = await wait();
  const over = new AbortController();
  let { sent } = held;
  let running = false;
  let expiry: NodeJS.Timeout | undefined;

  const lose = (message: string): void => {
    clearInterval(renewal);
    clearTimeout(expiry);
    over.abort(new SessionLeaseLost(message));
  };
  const isCertain = (): boolean => {
    if (over.signal.aborted) return false;
    if (sent.agoMs() < certainMs) return true;
    lose(`the session lease was not renewed for ${certainMs} ms`);
    return false;
  };
  const watch = (): void => {
    clearTimeout(expiry);
    if (isCertain()) expiry = setTimeout(watch, certainMs - sent.agoMs());
  };
  const renew = async (): Promise<void> => {
    if (running || !isCertain()) return;
    running = true;
    const asked = moment();
    try {
      const other = await take(held.since);
      if (!isCertain()) return;
      if (other !== null) return lose(`the session is ${read(other).holder}'s now`);
      sent = asked;
      watch();
    } catch (err) {
      log.warn({ err, key }, 'the session lease was not renewed');
    } finally {
      running = false;
    }
  };
  const renewal = setInterval(() => void renew(), leaseMs * parts.renewal);
  watch();

  return {
    signal: over.signal,
    since: held.since,
    silenceMs: leaseMs * parts.silence,
    check: () => {
      isCertain();
      over.signal.throwIfAborted();
    },
    release: async () => {
      if (isCertain()) lose('the session was given back');
      await giveBack();
    },
  };
};
