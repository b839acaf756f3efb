import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { logLevels } from '@heavy/contracts';
import type { ParsedLine } from './parse-line.ts';

/** How much the store keeps. */
export interface Retention {
  days: number;
  rows: number;
}

/** The SQLite file of all log lines, written by one logger and read by any number of `npm run logs`. */
export interface LogStore {
  /** Stores the lines in one transaction: when this returns, they are committed. */
  append(lines: readonly ParsedLine[]): void;
  /** Deletes what is older or more than the retention allows, at most 10,000 lines at a time; returns how many. */
  prune(retention: Retention, now?: number): number;
  close(): void;
}

const schemaVersion = 1;
/** The database works between two batches: a short deletion does not hold them up. */
const pruneAtOnce = 10_000;
const dayMs = 24 * 60 * 60 * 1000;

const schema = `
  CREATE TABLE IF NOT EXISTS logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    level INTEGER NOT NULL,
    service TEXT NOT NULL,
    correlation_id TEXT,
    record TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS logs_by_correlation ON logs (correlation_id, time) WHERE correlation_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS logs_by_time ON logs (time);
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens the file, and makes it and its folder where they are missing. Write-ahead logging with `synchronous = NORMAL`: a
 * committed line outlives the process; a power cut may take the last ones, and never the file.
 */
export const openLogStore = (path: string): LogStore => {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > schemaVersion) {
    database.close();
    throw new Error(
      `${path} has version ${version}, and this logger knows ${schemaVersion}: use a newer logger`,
    );
  }
  database.exec(schema);

  const insert = database.prepare(
    'INSERT INTO logs (time, level, service, correlation_id, record) VALUES (?, ?, ?, ?, ?)',
  );
  const removeOld = database.prepare(
    'DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE time < ? ORDER BY time LIMIT ?)',
  );
  const removeSurplus = database.prepare(
    'DELETE FROM logs WHERE id IN (SELECT id FROM logs WHERE id <= (SELECT max(id) FROM logs) - ? ORDER BY id LIMIT ?)',
  );

  return {
    append(lines) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const { record, text } of lines)
          insert.run(
            Math.round(record.time),
            logLevels.indexOf(record.level),
            record.service,
            record.correlationId ?? null,
            text,
          );
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    prune({ days, rows }, now = Date.now()) {
      const old = Number(removeOld.run(Math.round(now - days * dayMs), pruneAtOnce).changes);
      return old + Number(removeSurplus.run(rows, pruneAtOnce).changes);
    },
    close() {
      database.close();
    },
  };
};
