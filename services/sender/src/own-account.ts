import { type Handler, PermanentError } from '@heavy/messaging';
import type { Logger } from '@heavy/service';

/** The account that an event is for: beside what it is about, or within it. */
const accountOf = (data: unknown): unknown => {
  const { account, origin, target } = data as {
    account?: unknown;
    origin?: { account: unknown };
    target?: { account: unknown };
  };
  return (origin ?? target)?.account ?? account;
};

/**
 * Keeps a handler from what is another account's: to answer it from this one would tell strangers. It is parked among the
 * dead letters, and nobody in a chat is told; what is of use only now is dropped.
 */
export const forOwnAccount = (handler: Handler, account: { id: number }, log: Logger): Handler => {
  const { contract, run, exhausted } = handler;
  const isOwn = (data: unknown) => accountOf(data) === account.id;
  return {
    contract,
    run: async (envelope, context) => {
      if (isOwn(envelope.data)) return run(envelope, context);
      const other = accountOf(envelope.data);
      log.warn({ eventId: envelope.id, type: envelope.type, account: other }, 'this is for another account');
      if (contract.mandatory)
        throw new PermanentError(
          `This is for account ${other}, and the sender is logged in as ${account.id}.`,
        );
    },
    ...(exhausted && {
      exhausted: async (envelope, context) => {
        if (isOwn(envelope.data)) await exhausted(envelope, context);
      },
    }),
  };
};
