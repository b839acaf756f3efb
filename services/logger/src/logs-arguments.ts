import { parseArgs } from 'node:util';
import { type LogLevel, logLevels } from '@heavy/contracts';

export const usage = `Shows the log lines of all services, in the order of time.

npm run logs -- [options]
  --correlation <id>   one command's lines only; the beginning of its id will do, from 6 characters
  --follow             go on with new lines until Ctrl-C
  --level <level>      this level and above: ${logLevels.join(', ')}
  --service <name>     one service's lines only
  --limit <n>          the newest n lines (100, and with --correlation 10000)
  --json               one JSON object a line
  --db <path>          the logger's file (LOGS_DB, or else the newest of .heavy/demo/logs.db and .heavy/data/logs.db)
  --help
`;

/** What is to be shown. */
export interface LogsRequest {
  /** A correlation id or its beginning. */
  correlation: string | undefined;
  follow: boolean;
  level: LogLevel | undefined;
  service: string | undefined;
  limit: number;
  json: boolean;
  db: string | undefined;
}

const shortestPrefix = 6;

/** Reads the command line; a `fault` is a sentence for the person who typed it. */
export const parseLogsArguments = (
  args: string[],
): { request: LogsRequest } | { fault: string } | { help: true } => {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
  if (values.help) return { help: true };
  const { correlation, level } = values;
  if (correlation !== undefined && correlation.length < shortestPrefix)
    return { fault: `--correlation takes at least ${shortestPrefix} characters of the id.` };
  const known = logLevels.find((one) => one === level);
  if (level !== undefined && known === undefined)
    return { fault: `--level is one of ${logLevels.join(', ')}; "${level}" is not.` };
  const limit = Number(values.limit ?? (correlation === undefined ? 100 : 10_000));
  if (!Number.isSafeInteger(limit) || limit < 1) return { fault: '--limit is a whole number from 1.' };
  return {
    request: {
      correlation,
      follow: values.follow ?? false,
      level: known,
      service: values.service,
      limit,
      json: values.json ?? false,
      db: values.db,
    },
  };
};

const parse = (args: string[]) =>
  parseArgs({
    args,
    options: {
      correlation: { type: 'string', short: 'c' },
      follow: { type: 'boolean', short: 'f' },
      level: { type: 'string' },
      service: { type: 'string' },
      limit: { type: 'string', short: 'n' },
      json: { type: 'boolean' },
      db: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
