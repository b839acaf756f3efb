import { type CommandStep, commandSteps, type LogRecord } from '@heavy/contracts';

const longestText = 200;

/** A field as plain text of one line: whoever wrote it, it can neither break the line nor turn its direction. */
export const plainText = (value: unknown, limit = longestText): string | undefined => {
  if (typeof value !== 'string') return undefined;
  const text = value.replaceAll(/[\s\p{Cc}\p{Cs}\p{Bidi_Control}]+/gu, ' ').trim();
  if (text === '') return undefined;
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
};

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** `12.3 MB`: decimal units. */
const size = (bytes: number): string => {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} KB`;
};

/** `2 h 05 min`, `3 min 20 s`, `3.2 s`. */
export const duration = (ms: number): string => {
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const [s, min] = [Math.round(ms / 1000), Math.round(ms / 60_000)];
  const two = (value: number): string => String(value).padStart(2, '0');
  return s < 3600
    ? `${Math.floor(s / 60)} min ${two(s % 60)} s`
    : `${Math.floor(min / 60)} h ${two(min % 60)} min`;
};

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' };
const ordinal = (n: number): string => `${n}${endings[ordinals.select(n)] ?? 'th'}`;

/** `source_slow` → `source slow`. The code itself: its sentence is the sender's. */
const code = (value: unknown): string | undefined => plainText(value)?.replaceAll('_', ' ');

const withDetail = (text: string, separator: string, detail: string | undefined): string =>
  detail === undefined ? text : `${text}${separator}${detail}`;

const withSize = (text: string, { sizeBytes }: LogRecord): string => {
  const bytes = number(sizeBytes);
  return withDetail(text, ', ', bytes === undefined ? undefined : size(bytes));
};

const sentences: Record<CommandStep, (record: LogRecord) => string | null> = {
  received: ({ userName }) => withDetail('received', ' from ', plainText(userName, 64)),
  refused: ({ userName }) => `refused: ${plainText(userName, 64) ?? 'the sender'} may not use commands`,
  // Said by the title already.
  asked: () => null,
  known: () => 'found in the store, nothing to download',
  queued: ({ position }) => {
    const place = number(position);
    return withDetail('queued', ', ', place === undefined ? undefined : `${ordinal(place)} in line`);
  },
  joined: () => 'joined a download that others wait for',
  probing: () => 'looking at the link',
  downloading: (record) => withSize('downloading', record),
  merged: () => 'turned out to be the same as another download, and joined it',
  converting: () => 'converting',
  stored: (record) => withSize('stored', record),
  handed_on: (record) => withDetail('handed on to the large downloads', ': ', code(record['code'])),
  failed: (record) => withDetail('failed', ': ', code(record['code'])),
  trying_again: ({ delayMs, reason }) => {
    const delay = number(delayMs);
    return withDetail(
      withDetail('trying again', ' in ', delay === undefined ? undefined : duration(delay)),
      ': ',
      code(reason),
    );
  },
  withdrawn: () => 'withdrawn',
  uploading: (record) =>
    record['reused'] === true ? 'sending what Telegram has already' : withSize('uploading', record),
  answered: (record) => withDetail('answered', ': ', code(record['code'])),
};

const isStep = (step: unknown): step is CommandStep => commandSteps.some((one) => one === step);

/** What a line says happened, in a few plain words; null for one that is no step, or that has nothing to add. */
export const stepSentence = (record: LogRecord): string | null =>
  isStep(record.step) ? sentences[record.step](record) : null;
