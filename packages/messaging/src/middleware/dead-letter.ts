import { type DeadReason, deadExchange, headers } from '@heavy/contracts';
import { GivenUp, type Middleware } from '../delivery.ts';
import { summarizeError } from '../errors.ts';
import { runHandler } from '../handler.ts';
import type { MessagingLogger } from '../observers.ts';
import type { Publisher } from '../publisher.ts';
import { type Forwarded, forward } from './forward.ts';

interface DeadLetterOptions {
  queue: string;
  publisher: Publisher;
  log: MessagingLogger;
}

/** Parks a message in the dead-letter queue, confirmed, with reason, last error, time and attempts in its headers. */
export const bury = async (
  { queue, publisher, log }: DeadLetterOptions,
  message: Forwarded,
  { reason, error, failures }: { reason: DeadReason; error: unknown; failures: number },
): Promise<void> => {
  const lastError = summarizeError(error);
  await publisher.send(
    forward(message, deadExchange, queue, {
      [headers.deadReason]: reason,
      [headers.lastError]: lastError,
      [headers.deadAt]: new Date().toISOString(),
      [headers.attempt]: failures,
    }),
  );
  const { messageId, type, correlationId } = message.properties;
  log.error(
    { queue, eventId: messageId, type, correlationId, reason, lastError, failures },
    'message dead-lettered',
  );
};

/** Gives a message up where `GivenUp` is thrown below: runs the handler's `exhausted`, then parks the message. */
export const deadLetter = (options: DeadLetterOptions): Middleware => {
  const { publisher, log } = options;
  return (next) => async (delivery) => {
    try {
      return await next(delivery);
    } catch (given) {
      if (!(given instanceof GivenUp)) throw given;
      const { reason, cause: error } = given;
      const { envelope, handler, signal, message } = delivery;
      const failures = delivery.failures + 1;
      const { exhausted } = handler;
      if (exhausted) {
        try {
          await runHandler(
            { envelope, publisher, signal, attempt: failures, namespace: ['exhausted'] },
            (context) => exhausted(envelope, { ...context, error }),
          );
        } catch (err) {
          if (signal.aborted) throw err;
          log.error(
            { err, eventId: envelope.id, type: envelope.type },
            'telling that a message is given up failed',
          );
        }
      }
      await bury(options, message, { reason, error, failures });
      return 'dead';
    }
  };
};
