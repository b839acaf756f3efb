import {
  type Contract,
  type DataOf,
  deterministicId,
  type FailureCode,
  type FailureContext,
  InvalidEvent,
  telegramReply,
} from '@heavy/contracts';
import { type Broker, Unroutable } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { IncomingMessage, SessionLease } from '@heavy/telegram';
import { eventIdOf, originIn } from './raw-event.ts';

interface Deps {
  lease: Pick<SessionLease, 'check'>;
  broker: Pick<Broker, 'publish'>;
  log: Pick<Logger, 'error'>;
}

/** All that the door publishes: fenced by the lease, and not tried again where that can never help. */
export const createPublisher = ({ lease, broker, log }: Deps) => {
  /** True once the broker has it, false where it never will: then the log has the reason. */
  const publish = async <C extends Contract>(contract: C, data: DataOf<C>, id: string): Promise<boolean> => {
    lease.check();
    try {
      await broker.publish(contract, data, { id });
      return true;
    } catch (error) {
      if (!(error instanceof InvalidEvent || error instanceof Unroutable)) throw error;
      log.error({ err: error, eventId: id, type: contract.type }, 'an event can never be published');
      return false;
    }
  };

  return {
    publish,
    /** Tells the sender why a command is not carried out. The id follows from the message: said again, it is the same. */
    async refuse(
      account: number,
      message: IncomingMessage,
      code: FailureCode,
      context: FailureContext = {},
    ): Promise<void> {
      const data = { origin: originIn(account, message), failure: { code, context } };
      await publish(
        telegramReply,
        data,
        deterministicId(eventIdOf(account, message), telegramReply.type, code),
      );
    },
  };
};
