import { type Contract, type DataOf, deterministicId, type Envelope, isOf } from '@heavy/contracts';
import { runInContext } from './correlation.ts';
import { PermanentError } from './errors.ts';
import type { Publisher, Sealed } from './publisher.ts';

/** What a handler is given beside the event. It never acks, retries, parses JSON or passes a correlation id. */
export interface HandlerContext {
  /**
   * Buffers an event; it leaves, confirmed, after the handler has succeeded and before the message is acknowledged. Its id is
   * a function of the handled event's, its own type and its place among those of that type, so that a handler that runs
   * again publishes the same ids.
   * @throws {InvalidEvent} where the data do not fit the contract.
   */
  publish<C extends Contract>(contract: C, data: DataOf<C>): void;
  /** Publishes at once under a random id, for what is of use only now, such as progress. Resolves once confirmed. */
  publishNow<C extends Contract>(contract: C, data: DataOf<C>): Promise<void>;
  /** Aborts when the service stops and its grace period is over; the message is then delivered again later. */
  readonly signal: AbortSignal;
  /** 1 on the first delivery, one more after each failure. */
  readonly attempt: number;
}

type Run<T, X = unknown> = (envelope: Envelope<T>, context: HandlerContext & X) => Promise<void>;

/** A contract and what is done with its events. Made by `handle`. */
export interface Handler {
  readonly contract: Contract;
  readonly run: Run<unknown>;
  readonly exhausted?: Run<unknown, { error: unknown }>;
}

export interface HandleOptions<T> {
  /**
   * Runs when the message is given up (permanent error, or the last attempt failed), before it is dead-lettered: the place
   * to tell who asked. What it publishes is confirmed first. If it fails, that is logged and the message is dead-lettered.
   */
  exhausted?: Run<T, { error: unknown }>;
}

/** Binds a contract to its handler. `run` may be called again with the same event: delivery is at least once. */
export const handle = <C extends Contract>(
  contract: C,
  run: Run<DataOf<C>>,
  { exhausted }: HandleOptions<DataOf<C>> = {},
): Handler => {
  const narrowed =
    <X>(inner: Run<DataOf<C>, X>): Run<unknown, X> =>
    async (envelope, context) => {
      if (!isOf(contract, envelope)) throw new PermanentError(`${envelope.type} is not ${contract.type}.`);
      await inner(envelope, context);
    };
  return {
    contract,
    run: narrowed(run),
    ...(exhausted === undefined ? {} : { exhausted: narrowed(exhausted) }),
  };
};

/** Runs `body` in the correlation context of `envelope`, then flushes what it published; all confirmed when this resolves. */
export const runHandler = async (
  {
    envelope,
    publisher,
    signal,
    attempt,
    namespace = [],
  }: {
    envelope: Envelope;
    publisher: Publisher;
    signal: AbortSignal;
    attempt: number;
    /** Keeps the ids of what is published here apart from those of another run for the same event. */
    namespace?: string[];
  },
  body: (context: HandlerContext) => Promise<void>,
): Promise<void> => {
  const correlation = {
    correlationId: envelope.correlationid,
    causationId: envelope.id,
    traceparent: envelope.traceparent,
    eventType: envelope.type,
  };
  const buffered: Sealed[] = [];
  let counts: Map<string, number> | undefined;
  let done = false;
  const context: HandlerContext = {
    publish: (contract, data) => {
      if (done)
        throw new Error(
          `${contract.type} was published after its handler had ended: await what publishes it.`,
        );
      counts ??= new Map();
      const index = counts.get(contract.type) ?? 0;
      counts.set(contract.type, index + 1);
      const id = deterministicId(envelope.id, contract.type, index, ...namespace);
      // Whatever context the caller is in by now, this event is what causes it.
      buffered.push(runInContext(correlation, () => publisher.seal(contract, data, { id })));
    },
    publishNow: async (contract, data) => {
      await publisher.publish(runInContext(correlation, () => publisher.seal(contract, data)));
    },
    signal,
    attempt,
  };
  try {
    await runInContext(correlation, () => body(context));
  } finally {
    done = true;
  }
  if (buffered.length > 0) await Promise.all(buffered.map(publisher.publish));
};
