import { type LogLevel, logLevels } from '@heavy/contracts';
import { currentContext } from '@heavy/messaging';
import pino from 'pino';
import { createLoggable, type Redactor } from './redaction.ts';

/** Where finished lines go, each a JSON object and a newline. */
export type LineSink = (level: LogLevel, line: string) => void;

export interface LogOptions {
  service: string;
  instance: string;
  level: LogLevel;
  redactor: Redactor;
  write: LineSink;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : { value });

const nameOf = (number: number): LogLevel =>
  logLevels.find((level) => pino.levels.values[level] === number) ?? 'info';

/**
 * The logger of a service. Each line carries `time` (Unix milliseconds), `level` as a word, `service`, `instance` and, while
 * a message is handled, `correlationId`. Errors are written with their causes, and no line leaves unredacted.
 */
export const createLog = ({ service, instance, level, redactor, write }: LogOptions): pino.Logger => {
  const loggable = createLoggable(redactor);
  const destination = {
    // Tells pino to leave the level of each line in `lastLevel`.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(line: string) {
      write(nameOf(this.lastLevel), line);
    },
  };
  const log = pino(
    {
      level,
      base: { service, instance },
      timestamp: pino.stdTimeFunctions.epochTime,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: (bindings) => asRecord(loggable(bindings)),
        log: (fields) => asRecord(loggable(fields)),
      },
      mixin: () => {
        const context = currentContext();
        return context ? { correlationId: context.correlationId } : {};
      },
      // Errors are plain objects by then; pino's own serializer would take them for errors and rewrite them.
      serializers: { err: (value: unknown) => value },
      hooks: { streamWrite: (line) => redactor.text(line) },
    },
    destination,
  );
  const { child } = log;
  // pino hands the bindings of a child to no formatter.
  log.child = function <L extends string = never>(
    this: pino.Logger,
    bindings: pino.Bindings,
    options?: pino.ChildLoggerOptions<L>,
  ) {
    return child.call(this, asRecord(loggable(bindings)), options) as pino.Logger<L>;
  };
  return log;
};

/** Standard output as a sink that never blocks: beyond 16 MB that nobody reads, lines are dropped and counted. */
export const createStdout = (onDrop: () => void): { write: LineSink; flush(): Promise<void> } => {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: 16 * 1024 * 1024 });
  stdout.on('drop', onDrop);
  stdout.on('error', () => {
    // The reader of our output is gone. There is nobody to tell, and the service goes on.
    onDrop();
  });
  return {
    write: (_level, line) => {
      stdout.write(line);
    },
    flush: () => new Promise((resolve) => stdout.flush(() => resolve())),
  };
};
