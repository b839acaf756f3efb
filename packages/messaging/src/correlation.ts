import { AsyncLocalStorage } from 'node:async_hooks';

/** What is being handled: carried by the runtime from await to await, so that no function has to pass it. */
export interface CorrelationContext {
  /** Names one command from the first hop to the last; on every log line and every envelope. */
  readonly correlationId: string;
  /** The id of the event being handled: becomes the causation id of what is published meanwhile. */
  readonly causationId?: string;
  /** W3C Trace Context of the event being handled. */
  readonly traceparent?: string;
  /** The type of the event being handled. */
  readonly eventType?: string;
}

const storage = new AsyncLocalStorage<CorrelationContext>();

/** The context of the running handler, or undefined outside of one. */
export const currentContext = (): CorrelationContext | undefined => storage.getStore();

/** Runs `fn`, and all that it awaits, in `context`. */
export const runInContext = <T>(context: CorrelationContext, fn: () => T): T => storage.run(context, fn);
