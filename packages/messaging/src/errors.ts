/** A transient fault (flood wait, 5xx, connection): the message goes to the retry ladder, and at its end to the dead letters. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  /** Not before this many milliseconds: the smallest rung that is as long is taken, or the longest there is. */
  readonly retryAfterMs: number | undefined;
  /** False for what is only put off: however often that happens, the message is not given up for it. */
  readonly countsAsAttempt: boolean;

  constructor(
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | undefined; countsAsAttempt?: boolean } = {},
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.countsAsAttempt = options.countsAsAttempt ?? true;
  }
}

/** Handling this message can never succeed: it is dead-lettered at once. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** The broker has no queue for the message. It was confirmed as received, and is gone. */
export class Unroutable extends Error {
  override readonly name = 'Unroutable';
  /** The event's type. */
  readonly type: string;

  constructor(type: string, routingKey: string) {
    super(`No queue is bound for ${routingKey}: start the service that consumes ${type} first.`);
    this.type = type;
  }
}

/** The broker was closed before the message was confirmed: it may or may not have arrived. */
export class BrokerClosed extends Error {
  override readonly name = 'BrokerClosed';

  constructor() {
    super('The broker was closed.');
  }
}

const maxSummaryLength = 500;

/**
 * An error and its causes as one line for a header or a log: at most 500 characters, without the credentials of URLs, bot
 * tokens and session strings.
 */
export const summarizeError = (error: unknown): string => {
  const parts: string[] = [];
  for (let at = error; at !== undefined && at !== null && parts.length < 5; ) {
    parts.push(at instanceof Error ? `${at.name}: ${at.message}` : String(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  const text = parts
    .join(' <- ')
    .slice(0, 10_000)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1[redacted]@')
    .replace(/([?&][^=&\s]*(?:token|key|secret|password|signature|auth)[^=&\s]*=)[^&\s]+/gi, '$1[redacted]')
    .replace(/\b(?:bot)?\d{6,}:[\w-]{30,}/g, '[redacted]')
    .replace(/[\w+/=-]{120,}/g, '[redacted]');
  return text.length > maxSummaryLength ? `${text.slice(0, maxSummaryLength - 1)}…` : text;
};
