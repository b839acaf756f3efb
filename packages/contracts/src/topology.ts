/** The topic exchange of all events and commands; the routing key is the type. */
export const exchange = 'heavy';
/** The topic exchange of log lines; the routing key is `logs.<service>.<level>`. */
export const logsExchange = 'heavy.logs';
/** The topic exchange of dead letters; the routing key is the queue that gave up. */
export const deadExchange = 'heavy.dead';

/** What a service consumes. Its retry ladder and its dead-letter queue stand beside it under the names below. */
export interface QueueDefinition {
  readonly name: string;
  /** Routing keys on the exchange `heavy`. */
  readonly bindings: readonly string[];
}

export const queues = {
  mediaPirate: {
    name: 'media-pirate',
    bindings: ['events.telegram.raw', 'commands.media.video_download', 'commands.media.audio_download'],
  },
  /** Its binding is what makes media-pirate hand large downloads on. */
  quartermaster: { name: 'quartermaster', bindings: ['commands.media.large_download'] },
  /** What the logger answers in the chat. Its log lines come by `logsQueue`. */
  history: { name: 'logger.history', bindings: ['events.telegram.raw'] },
  /** The words of the admins, and `.whoami`. */
  access: { name: 'gateway.access', bindings: ['events.telegram.raw'] },
  sender: {
    name: 'sender',
    bindings: [
      'commands.telegram.*',
      'events.dl.progress',
      'events.dl.video.ready',
      'events.dl.audio.ready',
      'events.dl.video.failed',
      'events.dl.audio.failed',
    ],
  },
} as const satisfies Record<string, QueueDefinition>;

/** The logger's queue on `heavy.logs`: classic and bounded, since logs may be lost and must not fill the broker. */
export const logsQueue = { name: 'logger', binding: 'logs.#' } as const;

/** `media-pirate.retry.30s`: holds a message for that long, then gives it back to its queue. */
export const retryQueueName = (queue: string, delayMs: number): string =>
  `${queue}.retry.${delayMs % 60_000 === 0 ? `${delayMs / 60_000}m` : delayMs % 1000 === 0 ? `${delayMs / 1000}s` : `${delayMs}ms`}`;

export const deadQueueName = (queue: string): string => `${queue}.dead`;

/** AMQP headers that are ours. */
export const headers = {
  /** How often handling has failed so far. RabbitMQ's `x-death` is not relied on: 4.x ignores a client's. */
  attempt: 'heavy-attempt',
  deadReason: 'heavy-dead-reason',
  lastError: 'heavy-last-error',
  deadAt: 'heavy-dead-at',
} as const;

/** Why a message was dead-lettered. */
export const deadReasons = [
  'malformed_json',
  'malformed_envelope',
  'unknown_type',
  'unknown_version',
  'invalid_data',
  'too_large',
  'permanent_error',
  'attempts_exhausted',
  /** RabbitMQ's own limit: the consumer died on it again and again. */
  'delivery_limit',
] as const;
export type DeadReason = (typeof deadReasons)[number];

/** A body above this is dead-lettered unread. Media never travel in messages. */
export const maxBodyBytes = 1024 * 1024;
