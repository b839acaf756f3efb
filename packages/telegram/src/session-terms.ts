import type { TelegramAccount } from './account.ts';
import { AuthLost } from './errors.ts';
import type { Logger } from './logger.ts';
import { type SessionLease, SessionLeaseLost } from './session-lease.ts';
import { refusalRemedy, sessionRefused } from './session-refusal.ts';
import type { SessionStatus } from './session-status.ts';

/** What is done in a term, such as a consumer. */
interface Serving {
  close(how: { graceMs: number }): Promise<void>;
}

/** What a term is made of. */
export interface AccountTermDeps {
  /** An account that is not connected. */
  createAccount: (lease: SessionLease) => TelegramAccount;
  /** Begins to do what needs the account, which is connected by now. */
  serve: (account: TelegramAccount, lease: SessionLease) => Promise<Serving>;
  status: Pick<SessionStatus, 'began'>;
  /** Told first when the term ends, whatever ends it; perhaps more than once. */
  onEnd?: (reason: unknown) => void;
}

/**
 * The time for which this process has the session. Resolves when all of it has ended, the connection above all: with Telegram's
 * refusal, or with null after `ending` has aborted.
 */
export type Term = (lease: SessionLease, ending: AbortSignal) => Promise<AuthLost | null>;

/** For the handlers that are under way when a term ends. */
const handlersMs = 2000;

/** A term in which an account is connected, and something is done with it. */
export const accountTerm =
  ({ createAccount, serve, status, onEnd }: AccountTermDeps): Term =>
  async (lease, ending) => {
    const ended = Promise.withResolvers<never>();
    // Whoever waits for it hears it; it may be nobody.
    ended.promise.catch(() => undefined);
    const end = (reason: unknown) => {
      ended.reject(reason);
      onEnd?.(reason);
    };
    ending.addEventListener('abort', () => end(ending.reason), { once: true });
    if (ending.aborted) end(ending.reason);

    const account = createAccount(lease);
    status.began(lease, account);
    let serving: Serving | undefined;
    const work = async (): Promise<never> => {
      serving = await serve(account, lease);
      // What it needs may have been away for longer than the term lasted.
      if (ending.aborted) await serving.close({ graceMs: 0 });
      return await ended.promise;
    };

    try {
      await account.connect(ending);
      return await Promise.race([sessionRefused(account, ending), work(), ended.promise]);
    } catch (error) {
      if (error instanceof AuthLost) return error;
      if (ending.aborted) return null;
      throw error;
    } finally {
      end(new SessionLeaseLost('the term is over'));
      // The connection first, which under a lost lease has little time.
      await Promise.all([account.close(), serving?.close({ graceMs: handlersMs })]);
    }
  };

/**
 * One term after the other, each under a lease of its own, until the service stops or Telegram refuses the session. Then
 * nothing is tried any more, and the lease is free: who waits for it finds out once for himself, and an operator can look into it.
 */
export const runTerms = async (options: {
  acquire: (signal: AbortSignal) => Promise<SessionLease>;
  term: Term;
  status: Pick<SessionStatus, 'ended'>;
  /** There will be no other term. */
  stopping: AbortSignal;
  /** Ends the present one too; `stopping` unless given. */
  stopped?: AbortSignal;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}): Promise<void> => {
  const { acquire, term, status, stopping, stopped = stopping, log } = options;
  while (!stopping.aborted) {
    const lease = await acquire(stopping).catch((error: unknown) => {
      if (stopping.aborted) return null;
      throw error;
    });
    if (!lease) return;
    log.info({}, 'this process has the session');
    let refusal: AuthLost | null = null;
    try {
      refusal = await term(lease, AbortSignal.any([lease.signal, stopped]));
      if (refusal) log.error({ err: refusal }, refusalRemedy(refusal));
      else if (!stopping.aborted)
        log.warn(
          { err: lease.signal.reason },
          'the lease of the session is lost: disconnected, and waiting for it again',
        );
    } finally {
      await lease.release();
      status.ended(refusal);
    }
    if (refusal) return;
  }
};
