import { type Static, Type } from 'typebox';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The steps of a command that a person can ask for with `.why`. The log line that says one carries its name as `step`,
 * under the command's correlation id.
 */
export const commandSteps = [
  'received',
  'refused',
  'asked',
  'known',
  'queued',
  'joined',
  'probing',
  'downloading',
  'merged',
  'converting',
  'stored',
  'handed_on',
  'failed',
  'trying_again',
  'withdrawn',
  'uploading',
  'answered',
] as const;
export type CommandStep = (typeof commandSteps)[number];

/**
 * One log line, as pino writes it. Logs travel on their own exchange (`heavy.logs`, routing key
 * `logs.<service>.<level>`), bare and transient: they are no CloudEvents, and nothing waits for them.
 */
export const logRecordSchema = Type.Object({
  /** Unix time in milliseconds. */
  time: Type.Number(),
  level: Type.Enum([...logLevels]),
  service: Type.String({ minLength: 1, maxLength: 64 }),
  /** Set on each line that was written while a command was being handled. */
  correlationId: Type.Optional(Type.String({ maxLength: 64 })),
  /** One of `commandSteps`. */
  step: Type.Optional(Type.String({ maxLength: 32 })),
  msg: Type.Optional(Type.String()),
});
export type LogRecord = Static<typeof logRecordSchema> & Record<string, unknown>;

export const logRoutingKey = (service: string, level: LogLevel): string => `logs.${service}.${level}`;
