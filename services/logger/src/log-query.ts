import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type LogLevel, type LogRecord, logLevels } from '@heavy/contracts';

/** Which lines are asked for; all that is given has to hold. */
export interface LogFilter {
  /** A whole correlation id. */
  correlationId?: string | undefined;
  /** This level and those above. */
  minLevel?: LogLevel | undefined;
  service?: string | undefined;
}

/** A stored line, with its number in the order of arrival. */
export interface StoredLine {
  id: number;
  record: LogRecord;
}

/** A command that a prefix may mean. */
export interface Candidate {
  correlationId: string;
  /** Unix milliseconds of its first line. */
  time: number;
}

/** Which commands a prefix is looked for among. */
export interface CandidateFilter {
  /** Only commands of this chat, as the gateway's line about them names it. */
  chatId?: number;
}

/** Reads the logger's file, while the logger writes it or not. */
export interface LogReader {
  /** Correlation ids that begin with `prefix`, at most eleven, the newest first. */
  candidates(prefix: string, filter?: CandidateFilter): Candidate[];
  /** The last thousand lines of a command that are steps of it, in the order of time and then of arrival. */
  steps(correlationId: string): LogRecord[];
  /** The first `limit` lines of a command, at `warn` or above, that are no steps, in that order. */
  troubles(correlationId: string, limit: number): LogRecord[];
  /** The newest `limit` lines, in the order of time and then of arrival. */
  newest(filter: LogFilter, limit: number): StoredLine[];
  /** Lines that arrived after line `id`, in the order of time and then of arrival. */
  after(id: number, filter: LogFilter): StoredLine[];
  /** The number of the last line so far; 0 where there is none. */
  lastId(): number;
  close(): void;
}

const conditionsOf = ({ correlationId, minLevel, service }: LogFilter) => {
  const clauses: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (clause: string, value: SQLInputValue): void => {
    clauses.push(clause);
    values.push(value);
  };
  if (correlationId !== undefined) add('correlation_id = ?', correlationId);
  if (minLevel !== undefined) add('level >= ?', logLevels.indexOf(minLevel));
  if (service !== undefined) add('service = ?', service);
  return { where: clauses.length > 0 ? clauses.join(' AND ') : 'true', values };
};

const toRecord = (row: Record<string, unknown>): LogRecord => JSON.parse(String(row['record'])) as LogRecord;

const toLine = (row: Record<string, unknown>): StoredLine => ({
  id: Number(row['id']),
  record: toRecord(row),
});

const mostSteps = 1000;

/** The gateway's line about a command: it alone says which chat it was typed in. */
const typedInChat = `service = 'gateway' AND json_extract(record, '$.step') IN ('received', 'refused')
  AND json_extract(record, '$.chatId') = ?`;

/** Opens the file for reading only. */
export const openLogReader = (path: string): LogReader => {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  return {
    candidates: (prefix, { chatId } = {}) =>
      database
        .prepare(
          `SELECT correlation_id, min(time) AS time FROM logs
           WHERE correlation_id >= ? AND correlation_id < ? AND ${chatId === undefined ? 'true' : typedInChat}
           GROUP BY correlation_id ORDER BY time DESC LIMIT 11`,
        )
        .all(prefix, `${prefix}\u{10ffff}`, ...(chatId === undefined ? [] : [chatId]))
        .map((row) => ({ correlationId: String(row['correlation_id']), time: Number(row['time']) })),
    steps: (correlationId) =>
      database
        .prepare(
          `SELECT record FROM logs WHERE correlation_id = ? AND json_extract(record, '$.step') IS NOT NULL
           ORDER BY time DESC, id DESC LIMIT ?`,
        )
        .all(correlationId, mostSteps)
        .map(toRecord)
        .reverse(),
    troubles: (correlationId, limit) =>
      database
        .prepare(
          `SELECT record FROM logs WHERE correlation_id = ? AND level >= ? AND json_extract(record, '$.step') IS NULL
           ORDER BY time, id LIMIT ?`,
        )
        .all(correlationId, logLevels.indexOf('warn'), limit)
        .map(toRecord),
    newest(filter, limit) {
      const { where, values } = conditionsOf(filter);
      return database
        .prepare(`SELECT id, record FROM logs WHERE ${where} ORDER BY time DESC, id DESC LIMIT ?`)
        .all(...values, limit)
        .map(toLine)
        .reverse();
    },
    after(id, filter) {
      const { where, values } = conditionsOf(filter);
      return database
        .prepare(`SELECT id, record FROM logs WHERE id > ? AND ${where} ORDER BY time, id`)
        .all(id, ...values)
        .map(toLine);
    },
    lastId: () => Number(database.prepare('SELECT max(id) AS id FROM logs').get()?.['id'] ?? 0),
    close() {
      database.close();
    },
  };
};
