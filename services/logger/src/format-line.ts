import { styleText } from 'node:util';
import { type LogLevel, type LogRecord, shortId } from '@heavy/contracts';

export interface FormatOptions {
  colour: boolean;
  /** Shows the short correlation id of each line: where lines of several commands are mixed. */
  showCorrelation: boolean;
  /** Unix milliseconds: lines of another day than this show their date. */
  now?: number;
}

const colours = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
} as const satisfies Record<LogLevel, string>;

const apart = new Set(['time', 'level', 'service', 'instance', 'msg', 'correlationId', 'err']);

const two = (value: number): string => String(value).padStart(2, '0');
const dayOf = (date: Date): string =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** Local time with milliseconds, and the date before it where it is not today's. */
export const formatTime = (time: number, now = Date.now()): string => {
  const date = new Date(time);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  const day = dayOf(date) === dayOf(new Date(now)) ? '' : `${dayOf(date)} `;
  return `${day}${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};

/** Control characters could move the cursor of the terminal that shows them: they are shown as escapes. */
const visible = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (character) =>
    JSON.stringify(character).slice(1, -1).replace('\x7f', '\\u007f'),
  );

const valueText = (value: unknown): string => {
  if (typeof value === 'string')
    return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : visible(JSON.stringify(value));
  return visible(JSON.stringify(value) ?? 'undefined');
};

const textOf = (value: unknown, key: string): string | undefined => {
  if (typeof value !== 'object' || value === null || !(key in value)) return undefined;
  const found = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : undefined;
};

/** An error, where it was thrown, and its causes, indented under the line. */
const errorLines = (error: unknown, label: string): string[] => {
  const message = textOf(error, 'message');
  if (message === undefined) return [`    ${label}${valueText(error)}`];
  const type = textOf(error, 'type') ?? 'Error';
  const frames = (textOf(error, 'stack') ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 6);
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return [
    `    ${label}${visible(`${type}: ${message}`)}`,
    ...frames.map((frame) => `      ${visible(frame.trim())}`),
    ...(cause === undefined ? [] : errorLines(cause, 'caused by ')),
  ];
};

/** `12:00:01.234 gateway      INFO  message  key=value`, and errors below it. Without a newline at the end. */
export const formatLine = (record: LogRecord, { colour, showCorrelation, now }: FormatOptions): string => {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const { time, level, service, msg, correlationId } = record;
  const fields = Object.entries(record)
    .filter(([key]) => !apart.has(key))
    .map(([key, value]) => `${visible(key)}=${valueText(value)}`);
  if (showCorrelation && correlationId !== undefined)
    fields.unshift(`correlation=${visible(shortId(correlationId))}`);
  const head = [
    paint('dim', formatTime(time, now)),
    paint('cyan', visible(service).padEnd(12)),
    paint(colours[level], level.toUpperCase().padEnd(5)),
    visible(msg ?? ''),
  ].join(' ');
  const tail = fields.length > 0 ? `  ${paint('dim', fields.join(' '))}` : '';
  const error = record['err'] === undefined ? [] : errorLines(record['err'], '');
  return [head + tail, ...error.map((line) => paint('red', line))].join('\n');
};
