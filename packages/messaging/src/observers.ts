/** The part of pino's logger that this package uses. */
export interface MessagingLogger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** How the handling of one delivery ended. */
export type Outcome =
  /** The handler succeeded and what it published is confirmed. */
  | 'handled'
  /** The event had been handled before. */
  | 'duplicate'
  /** The handler failed and the message waits on the retry ladder. */
  | 'retried'
  /** The message was given up. */
  | 'dead';

/** Told what happens, for whoever counts; none of them may throw. */
export interface MessagingMetrics {
  /** An event was confirmed, this many milliseconds after `publish` was called. */
  published?(type: string, ms: number): void;
  /** A message came back from the broker: nobody consumes its type. */
  returned?(type: string): void;
  /** A delivery was settled. `type` is `unknown` where the body was no event of ours. */
  consumed?(type: string, outcome: Outcome, ms: number): void;
  /** The broker delivered a message again that had not been acknowledged. */
  redelivered?(queue: string): void;
}
