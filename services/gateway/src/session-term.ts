import type { Consumer } from '@heavy/messaging';
import {
  accountTerm,
  type IncomingMessage,
  type SessionLease,
  type SessionStatus,
  type TelegramAccount,
  type Term,
} from '@heavy/telegram';

type Receiver = (message: IncomingMessage) => Promise<void>;

/** What a term is made of. */
export interface TermDeps {
  /** An account that is not connected, and follows its updates under that lease. */
  createAccount: (lease: SessionLease, onMessage: Receiver) => TelegramAccount;
  /** What is done with each message. */
  receiver: (lease: SessionLease, account: TelegramAccount) => Receiver;
  /** Begins to consume what has to be answered by the account. */
  consume: (account: TelegramAccount, lease: SessionLease) => Promise<Consumer>;
  status: Pick<SessionStatus, 'began'>;
}

/** A term of the gateway: an account that is connected, its messages received, and the words consumed that need it. */
export const sessionTerm =
  ({ createAccount, receiver, consume, status }: TermDeps): Term =>
  (lease, ending) => {
    /** Resolved once there is a queue for the words of the gateway's own: what is published before that goes nowhere. */
    const open = Promise.withResolvers<void>();
    // Whoever waits for it hears it; it may be nobody.
    open.promise.catch(() => undefined);
    const term = accountTerm({
      status,
      createAccount: () => {
        const account = createAccount(lease, async (message) => {
          await open.promise;
          await receive(message);
        });
        const receive = receiver(lease, account);
        return account;
      },
      serve: async (account) => {
        const consumer = await consume(account, lease);
        open.resolve();
        return consumer;
      },
      onEnd: open.reject,
    });
    return term(lease, ending);
  };
