import { Type } from 'typebox';

/** The logger's own settings. */
export const config = Type.Object({
  LOGS_DB: Type.String({
    description: 'Path of the SQLite file that holds the log lines; its folder is made',
    default: '.heavy/data/logs.db',
    minLength: 1,
  }),
  LOG_RETENTION_DAYS: Type.Number({
    description: 'Days after which a log line is deleted',
    default: 14,
    exclusiveMinimum: 0,
  }),
  LOG_RETENTION_ROWS: Type.Integer({
    description: 'Log lines that are kept at most; the oldest are deleted',
    default: 1_000_000,
    minimum: 1,
  }),
});

/** What `npm run logs` takes for its database where it is given none; undefined where LOGS_DB is not set. */
export const logsDbFromEnvironment = (): string | undefined => process.env['LOGS_DB'] || undefined;
