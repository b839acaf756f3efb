import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LogRecord } from '@heavy/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LogReader, openLogReader } from './log-query.ts';
import { type LogStore, openLogStore } from './log-store.ts';
import { parseLine } from './parse-line.ts';

let dir: string;
let path: string;
let store: LogStore;
let reader: LogReader;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'heavy-logs-'));
  path = join(dir, 'new', 'folder', 'logs.db');
  store = openLogStore(path);
  reader = openLogReader(path);
});
afterEach(() => {
  reader.close();
  store.close();
  rmSync(dir, { recursive: true });
});

const line = (msg: string, time: number, more: Partial<LogRecord> = {}) =>
  parseLine(Buffer.from(JSON.stringify({ time, level: 'info', service: 'one', msg, ...more })), 'k');
const messages = (lines: { record: { msg?: string } }[]) => lines.map(({ record }) => record.msg);

describe('openLogStore', () => {
  it('makes the folder, and keeps what is in the file', () => {
    expect(existsSync(path)).toBe(true);
    store.append([line('before', 1)]);
    store.close();
    store = openLogStore(path);
    store.append([line('after', 2)]);
    expect(messages(reader.newest({}, 10))).toEqual(['before', 'after']);
  });

  it('stores all of a batch or nothing', () => {
    const broken = line('broken', 2);
    broken.record.service = null as unknown as string;
    expect(() => store.append([line('fine', 1), broken])).toThrow(/NOT NULL/);
    expect(reader.newest({}, 10)).toEqual([]);
    store.append([line('next', 3)]);
    expect(messages(reader.newest({}, 10))).toEqual(['next']);
  });

  it('refuses a file of a newer version', () => {
    store.close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openLogStore(path)).toThrow(/version 99.*newer logger/);
    const reset = new DatabaseSync(path);
    reset.exec('PRAGMA user_version = 1');
    reset.close();
    store = openLogStore(path);
  });

  it('deletes lines beyond their days', () => {
    const day = 86_400_000;
    store.append([line('old', 10 * day), line('young', 12 * day)]);
    expect(store.prune({ days: 1, rows: 100 }, 12.5 * day)).toBe(1);
    expect(messages(reader.newest({}, 10))).toEqual(['young']);
  });

  it('deletes the oldest lines beyond the number to keep', () => {
    store.append(['a', 'b', 'c', 'd', 'e'].map((msg, index) => line(msg, index)));
    expect(store.prune({ days: 1e6, rows: 2 })).toBe(3);
    expect(store.prune({ days: 1e6, rows: 2 })).toBe(0);
    expect(messages(reader.newest({}, 10))).toEqual(['d', 'e']);
  });
});

describe('openLogReader', () => {
  it('gives the newest lines in the order of time, and of arrival within a millisecond', () => {
    store.append([line('third', 3), line('second a', 2), line('second b', 2)]);
    store.append([line('first', 1)]);
    expect(messages(reader.newest({}, 10))).toEqual(['first', 'second a', 'second b', 'third']);
    expect(messages(reader.newest({}, 2))).toEqual(['second b', 'third']);
  });

  it('filters by correlation id, least level and service', () => {
    store.append([
      line('a', 1, { correlationId: 'aaaaaaaa', service: 'gateway' }),
      line('b', 2, { correlationId: 'aaaaaaaa', service: 'sender', level: 'error' }),
      line('c', 3, { correlationId: 'bbbbbbbb', level: 'fatal' }),
    ]);
    expect(messages(reader.newest({ correlationId: 'aaaaaaaa' }, 10))).toEqual(['a', 'b']);
    expect(messages(reader.newest({ minLevel: 'error' }, 10))).toEqual(['b', 'c']);
    expect(messages(reader.newest({ minLevel: 'error', service: 'sender' }, 10))).toEqual(['b']);
  });

  it('finds the correlation ids that begin with a prefix, the newest first', () => {
    store.append([
      line('a', 1, { correlationId: 'abcdef-1' }),
      line('a', 9, { correlationId: 'abcdef-1' }),
      line('b', 2, { correlationId: 'abcdef-2' }),
      line('c', 3, { correlationId: 'abcdee-3' }),
      line('d', 4, { correlationId: 'abcdeg' }),
    ]);
    expect(reader.candidates('abcdef')).toEqual([
      { correlationId: 'abcdef-2', time: 2 },
      { correlationId: 'abcdef-1', time: 1 },
    ]);
    // Wildcards of LIKE mean nothing here.
    expect(reader.candidates('abc%')).toEqual([]);
  });

  it('finds among the commands of one chat those that begin with a prefix', () => {
    const typed = { service: 'gateway', step: 'received' };
    store.append([
      line('a', 1, { ...typed, correlationId: 'abcdef-1', chatId: -100_123_456_789_012 }),
      line('b', 2, { ...typed, correlationId: 'abcdef-2', chatId: 7 }),
      line('c', 3, { ...typed, correlationId: 'abcdef-3', chatId: 7, step: 'refused' }),
      line('d', 4, { ...typed, correlationId: 'abcdef-4', chatId: 7, service: 'sender' }),
      line('e', 5, { ...typed, correlationId: 'abcdef-5', chatId: 7, step: 'stored' }),
      ...Array.from({ length: 20 }, (_, n) =>
        line('f', 6 + n, { ...typed, correlationId: `abcdef-6${n}`, chatId: 8 }),
      ),
    ]);
    const of = (chatId: number) =>
      reader.candidates('abcdef', { chatId }).map(({ correlationId }) => correlationId);
    expect(of(-100_123_456_789_012)).toEqual(['abcdef-1']);
    expect(of(7)).toEqual(['abcdef-3', 'abcdef-2']);
    expect(of(9)).toEqual([]);
  });

  it('gives the steps of a command, and what went wrong beside them', () => {
    const [mine, others] = [{ correlationId: 'aaaaaaaa' }, { correlationId: 'bbbbbbbb' }];
    store.append([
      line('second', 2, { ...mine, step: 'probing', level: 'error' }),
      line('first', 1, { ...mine, step: 'received' }),
      line('detail', 3, mine),
      line('of another', 3, { ...others, step: 'probing' }),
      line('bad of another', 3, { ...others, level: 'warn' }),
      ...[4, 5, 6].map((time) => line(`bad ${time}`, time, { ...mine, level: 'warn' })),
    ]);
    expect(reader.steps('aaaaaaaa').map(({ msg }) => msg)).toEqual(['first', 'second']);
    expect(reader.troubles('aaaaaaaa', 2).map(({ msg }) => msg)).toEqual(['bad 4', 'bad 5']);
  });

  it('gives the last thousand steps', () => {
    const lines = Array.from({ length: 1001 }, (_, n) =>
      line(`${n}`, n, { correlationId: 'a', step: 'queued' }),
    );
    store.append(lines);
    const steps = reader.steps('a').map(({ msg }) => msg);
    expect([steps.length, steps[0], steps.at(-1)]).toEqual([1000, '1', '1000']);
  });

  it('follows by arrival: also a line of an earlier time', () => {
    store.append([line('a', 5)]);
    const seen = reader.lastId();
    store.append([line('late', 1), line('b', 6)]);
    expect(messages(reader.after(seen, {}))).toEqual(['late', 'b']);
  });

  it('uses the index for one correlation id', () => {
    const database = new DatabaseSync(path, { readOnly: true });
    const plan = database
      .prepare(
        'EXPLAIN QUERY PLAN SELECT record FROM logs WHERE correlation_id = ? ORDER BY time DESC, id DESC',
      )
      .all('x');
    database.close();
    expect(JSON.stringify(plan)).toContain('logs_by_correlation');
    expect(JSON.stringify(plan)).not.toContain('TEMP B-TREE');
  });
});
