import { setTimeout as sleep } from 'node:timers/promises';
import { logsDbFromEnvironment } from './config.ts';
import { findDatabase } from './find-database.ts';
import { formatLine, formatTime } from './format-line.ts';
import { type LogReader, openLogReader, type StoredLine } from './log-query.ts';
import type { LogsRequest } from './logs-arguments.ts';

/** Where the command writes. */
export interface LogsIo {
  out(text: string): void;
  err(text: string): void;
  colour: boolean;
}

const pollMs = 200;
const mostCandidates = 10;

const noDatabase = (given: string | undefined): string => {
  const named = given ?? logsDbFromEnvironment();
  return named === undefined
    ? 'There are no logs yet: `npm run demo` or `npm start` makes some, and --db names a file of your own.\n'
    : `There is no file ${named}: the logger makes it when it starts with LOGS_DB set to it.\n`;
};

const ambiguous = (prefix: string, ids: readonly { correlationId: string; time: number }[]): string =>
  [
    `Several commands begin with ${prefix}:`,
    ...ids.slice(0, mostCandidates).map((one) => `  ${one.correlationId}  ${formatTime(one.time)}`),
    ...(ids.length > mostCandidates ? ['  …'] : []),
    '',
  ].join('\n');

/** Prints what was asked for, and in the end or on abort resolves with the exit code: 1 where there is nothing to show. */
export const showLogs = async (request: LogsRequest, io: LogsIo, signal: AbortSignal): Promise<number> => {
  const path = findDatabase(request.db);
  if (path === undefined) {
    io.err(noDatabase(request.db));
    return 1;
  }
  let reader: LogReader | undefined;
  try {
    reader = openLogReader(path);
    return await show(reader, request, io, signal);
  } catch (error) {
    io.err(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    reader?.close();
  }
};

const show = async (
  reader: LogReader,
  request: LogsRequest,
  io: LogsIo,
  signal: AbortSignal,
): Promise<number> => {
  const { correlation, follow, limit } = request;
  const print = ({ record }: StoredLine): void => {
    const text = request.json
      ? JSON.stringify(record)
      : formatLine(record, { colour: io.colour, showCorrelation: correlation === undefined });
    io.out(`${text}\n`);
  };

  // Taken before anything is read, so that no line is missed between reading and following.
  let seen = reader.lastId();
  let correlationId: string | undefined;
  if (correlation !== undefined) {
    let ids = reader.candidates(correlation);
    if (ids.length === 0 && !follow) {
      io.err(`No line has a correlation id that begins with ${correlation}.\n`);
      return 1;
    }
    if (ids.length === 0) io.err(`Nothing of ${correlation} yet: waiting for it.\n`);
    while (ids.length === 0 && (await pause(signal))) ids = reader.candidates(correlation);
    if (ids.length > 1 && !ids.some((one) => one.correlationId === correlation)) {
      io.err(ambiguous(correlation, ids));
      return 1;
    }
    correlationId =
      ids.find((one) => one.correlationId === correlation)?.correlationId ?? ids[0]?.correlationId;
    if (correlationId === undefined) return 0;
  }

  const filter = { correlationId, minLevel: request.level, service: request.service };
  const first = reader.newest(filter, limit);
  first.forEach(print);
  if (!follow && first.length === 0) {
    io.err('No line fits.\n');
    return 1;
  }
  if (!follow) return 0;
  seen = first.reduce((highest, line) => Math.max(highest, line.id), seen);
  while (await pause(signal)) {
    const lines = reader.after(seen, filter);
    lines.forEach(print);
    seen = lines.reduce((highest, line) => Math.max(highest, line.id), seen);
  }
  return 0;
};

/** False once the signal has aborted. */
const pause = (signal: AbortSignal): Promise<boolean> => sleep(pollMs, true, { signal }).catch(() => false);
