import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { AccountIdentity, TelegramAccount, UpdatesStatus } from './account.ts';
import { type AuthLost, NotConnected } from './errors.ts';
import { type SessionLease, sessionHolder } from './session-lease.ts';
import { refusalRemedy } from './session-refusal.ts';

/** In the shape of @heavy/service's result of a check. */
interface CheckResult {
  ok: boolean;
  detail?: string;
  fatal?: boolean;
}

/**
 * `standby`: another process has the session, or Redis has not told yet. `connecting`: it is ours, and Telegram is not reached.
 * `owner`: it is connected. `refused`: Telegram does not accept the session, and somebody has to log in.
 */
export type SessionState = 'standby' | 'connecting' | 'owner' | 'refused';

/** How the session stands, for the operator. Told by the terms, and asked by health, metrics and the status page. */
export interface SessionStatus {
  waiting(holder: string): void;
  began(lease: SessionLease, account: TelegramAccount): void;
  /** The term is over; with a refusal, there will be no other. */
  ended(refusal: AuthLost | null): void;
  readonly state: SessionState;
  readonly isOwner: boolean;
  readonly updates: UpdatesStatus | undefined;
  /**
   * For /health and /ready. A standby is well and ready: it does all that it is there for, and a rolling update, which replaces
   * the owner only once its successor is ready, would never end otherwise.
   */
  check(): CheckResult;
  /** For `GET /telegram/session/status`. Nothing in it is secret. */
  page(): Promise<object>;
}

/** For what is worth knowing of Redis; the rest of the page does not wait longer for it. */
const redisMs = 1000;

const identityOf = (account: TelegramAccount): AccountIdentity | undefined => {
  try {
    return account.identity;
  } catch (error) {
    if (error instanceof NotConnected) return undefined;
    throw error;
  }
};

const userOf = (account: TelegramAccount) => {
  const identity = identityOf(account);
  if (!identity) return {};
  const { id, username, maskedPhone: phone, isBot } = identity;
  return { user: { id, username, phone, isBot } };
};

/** Nothing has been heard of the session yet. */
export const createSessionStatus = (options: {
  redis: Redis;
  /** Of the lease. */
  key: string;
  /** Who this process is in the lease. */
  holder: string;
}): SessionStatus => {
  const { redis, key, holder } = options;
  let since = new Date();
  let waitingFor: string | undefined;
  let term: { lease: SessionLease; account: TelegramAccount } | undefined;
  let refusal: AuthLost | null = null;

  const state = (): SessionState => {
    if (refusal) return 'refused';
    if (!term) return 'standby';
    return term.account.state === 'connected' ? 'owner' : 'connecting';
  };
  const updates = () => term?.account.updates;

  const check = (): CheckResult => {
    if (refusal) return { ok: false, fatal: true, detail: refusalRemedy(refusal) };
    if (term) return { ok: state() === 'owner', detail: term.account.state };
    if (waitingFor === undefined) return { ok: false, detail: 'asking who has the session' };
    return { ok: true, detail: `standby: ${waitingFor} has the session` };
  };

  const updatesPage = () => {
    const { lastUpdateAt, lagMs, pending, catchingUp } = updates() ?? {};
    return {
      lastUpdateAt: lastUpdateAt === undefined ? undefined : new Date(lastUpdateAt).toISOString(),
      ...{ lagMs, pending, catchingUp },
    };
  };
  const leasePage = async () => {
    // While Redis is away the rest is worth knowing all the same.
    const held =
      redis.status === 'ready' ? await Promise.race([sessionHolder(redis, key), pause(redisMs, null)]) : null;
    return (
      held && { ...held, ours: held.holder === holder && held.since === term?.lease.since.toISOString() }
    );
  };

  return {
    waiting: (other) => {
      waitingFor = other;
    },
    began: (lease, account) => {
      [term, since, waitingFor] = [{ lease, account }, lease.since, undefined];
    },
    ended: (why) => {
      refusal = why;
      // What is known of a refused account stays worth showing.
      if (!refusal) term = undefined;
      since = new Date();
    },
    get state() {
      return state();
    },
    get isOwner() {
      return term !== undefined && refusal === null;
    },
    get updates() {
      return updates();
    },
    check,
    page: async () => ({
      state: state(),
      since: since.toISOString(),
      ...(term && { ...userOf(term.account), dataCentre: term.account.dataCentre, ...updatesPage() }),
      lease: await leasePage(),
      ...(refusal && { refusal: { code: refusal.code, remedy: refusalRemedy(refusal) } }),
    }),
  };
};
