import { type CommandStep, type LogRecord, shortId } from '@heavy/contracts';
import type { LogReader } from './log-query.ts';
import { duration, plainText, stepSentence } from './step-sentence.ts';

/** Telegram's limit of a text, in UTF-16 units. */
const textLimit = 4096;
const mostTroubles = 5;
const longestUrl = 500;

/** Steps of a download that are those of everybody who waits for it. The others are one asker's own. */
const sharedSteps: ReadonlySet<string | undefined> = new Set<CommandStep>([
  'queued',
  'probing',
  'downloading',
  'merged',
  'converting',
  'stored',
  'handed_on',
  'failed',
  'trying_again',
]);

const has =
  (...steps: CommandStep[]) =>
  ({ step }: LogRecord): boolean =>
    steps.some((one) => one === step);

/** The gateway says that it received a command once it has published it: the command came that much earlier. */
const atReception = (record: LogRecord): LogRecord => {
  const { dispatchMs } = record;
  return record.step === 'received' && typeof dispatchMs === 'number' && dispatchMs > 0
    ? { ...record, time: record.time - dispatchMs }
    : record;
};

/** A download that was withdrawn from goes on for the others who wait for it, under the id of whoever asked first. */
const withoutOthers = (own: readonly LogRecord[]): LogRecord[] => {
  const left = own.findLast(has('withdrawn'))?.time ?? Number.POSITIVE_INFINITY;
  return own.filter(({ step, time }) => !sharedSteps.has(step) || time <= left);
};

/** What was logged of the downloads that a command waits for under the id of another's (`leader`), from then on and up to its own end. */
const followed = (
  read: Pick<LogReader, 'steps'>,
  records: readonly LogRecord[],
  { from, until }: { from: number; until: number },
  seen: Set<string>,
): LogRecord[] =>
  records.filter(has('queued', 'joined', 'merged')).flatMap(({ leader, time }) => {
    if (typeof leader !== 'string' || seen.has(leader) || time > until) return [];
    seen.add(leader);
    const theirs = read.steps(leader);
    const span = { from: Math.max(from, time), until };
    return [
      ...theirs.filter((one) => sharedSteps.has(one.step) && one.time >= span.from && one.time <= span.until),
      ...followed(read, theirs, span, seen),
    ];
  });

const clock = (time: number, now: number): string => {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const day = iso(time).slice(0, 10);
  return `${day === iso(now).slice(0, 10) ? '' : `${day} `}${iso(time).slice(11, 19)}`;
};

/** `abcd1234, .vdl https://… 720p` */
const titleOf = (correlationId: string, own: readonly LogRecord[]): string => {
  const word = plainText(own.find(has('received', 'refused'))?.['word'], 32);
  const { url, item, quality, format }: Record<string, unknown> = own.find(has('asked')) ?? {};
  const asked = [
    word === undefined ? undefined : `.${word}`,
    plainText(url, longestUrl),
    typeof item === 'number' ? `#${item}` : undefined,
    plainText(quality) ?? plainText(format),
  ].filter((part) => part !== undefined);
  return [shortId(correlationId), asked.join(' ')].filter((part) => part !== '').join(', ');
};

/** Leaves out lines after the first, the oldest first, until the rest fits. */
const fitted = (title: string, [first = '', ...rest]: readonly string[], last: string): string => {
  const whole = [title, first, ...rest, last].join('\n');
  if (whole.length <= textLimit) return whole;
  const head = [title, first, '…'];
  let room = textLimit - [...head, last].join('\n').length;
  const kept = rest.slice(
    rest.findLastIndex((line) => {
      room -= line.length + 1;
      return room < 0;
    }) + 1,
  );
  return [...head, ...kept, last].join('\n');
};

/**
 * What happened to a command, a line a step, in the order of time: the clock, the time since the command came, and what it
 * was. Undefined where no line tells anything. At most 4,096 UTF-16 units; what is too much is left out after the first step.
 *
 * A command that joined another's download is told that download's steps too, and nothing of who else waits for it.
 */
export const tellStory = (
  correlationId: string,
  read: Pick<LogReader, 'steps' | 'troubles'>,
  now = Date.now(),
): string | undefined => {
  const own = withoutOthers(read.steps(correlationId)).map(atReception);
  const until = own.findLast(has('answered', 'withdrawn'))?.time ?? Number.POSITIVE_INFINITY;
  const steps = [...own, ...followed(read, own, { from: 0, until }, new Set([correlationId]))].map(
    (record) => ({ time: record.time, text: stepSentence(record) }),
  );
  const troubles = read.troubles(correlationId, mostTroubles).map(({ time, msg }) => ({
    time,
    text: withLabel(plainText(msg)),
  }));

  const told = new Set<string>();
  const lines: { time: number; text: string }[] = [];
  for (const { time, text } of [...steps, ...troubles].sort((a, b) => a.time - b.time)) {
    // A line that was stored twice, and a step that was taken again because its message came again.
    if (text === null || told.has(`${time} ${text}`) || lines.at(-1)?.text === text) continue;
    told.add(`${time} ${text}`);
    lines.push({ time, text });
  }
  const start = lines[0]?.time;
  if (start === undefined) return undefined;
  const since = (time: number): string => (time === start ? '' : `+${duration(time - start)}  `);
  return fitted(
    titleOf(correlationId, own),
    lines.map(({ time, text }) => `${clock(time, now)}  ${since(time)}${text}`),
    'Times are UTC.',
  );
};

const withLabel = (msg: string | undefined): string | null => (msg === undefined ? null : `trouble: ${msg}`);
