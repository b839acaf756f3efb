import type { DeadReason, Envelope } from '@heavy/contracts';
import type { ConsumeMessage } from 'amqplib';
import type { Handler } from './handler.ts';
import type { Outcome } from './observers.ts';

/** A message whose body is an event that this consumer handles. */
export interface Delivery {
  readonly message: ConsumeMessage;
  readonly envelope: Envelope;
  readonly handler: Handler;
  /** How often handling it has failed so far. */
  readonly failures: number;
  /** Aborts when the message is to be left to another consumer. */
  readonly signal: AbortSignal;
}

/**
 * Handles a delivery up to, not including, its acknowledgement. A rejection means that nothing was decided: the message
 * has to be delivered again.
 */
export type Step = (delivery: Delivery) => Promise<Outcome>;

/** One concern around the handling of a delivery. */
export type Middleware = (next: Step) => Step;

/** Thrown by the middleware that decides that a message has had its last attempt; `cause` is what the handler threw. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
  readonly reason: DeadReason;

  constructor(reason: DeadReason, cause: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}
