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

/** Reads the logger's file, while the logger writes it or not. */
export interface LogReader {
  /** Correlation ids that begin with `prefix`, at most eleven, the newest first. */
  candidates(prefix: string): Candidate[];
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

const toLine = (row: Record<string, unknown>): StoredLine => ({
  id: Number(row['id']),
  record: JSON.parse(String(row['record'])) as LogRecord,
});

/** Opens the file for reading only. */
export const openLogReader = (path: string): LogReader => {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  return {
    candidates: (prefix) =>
      database
        .prepare(
          `SELECT correlation_id, min(time) AS time FROM logs
           WHERE correlation_id >= ? AND correlation_id < ? GROUP BY correlation_id ORDER BY time DESC LIMIT 11`,
        )
        .all(prefix, `${prefix}\u{10ffff}`)
        .map((row) => ({ correlationId: String(row['correlation_id']), time: Number(row['time']) })),
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
