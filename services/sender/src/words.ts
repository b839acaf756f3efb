import {
  type DataOf,
  type downloadProgress,
  type FailureCode,
  type FailureContext,
  type Phase,
  shortId,
} from '@heavy/contracts';

const quoted = (subject: string | undefined) => (subject ? `“${subject}”` : 'That');

/** The sentence for each failure code. This is the one place where codes become words. */
export const failureSentences: Record<FailureCode, (context: FailureContext) => string> = {
  url_missing: () =>
    'There is no link in that. Type the command and a link, or reply with the command to a message that has one.',
  url_invalid: ({ subject }) =>
    `${quoted(subject)} is not a link that I can open. A link looks like https://example.com/video.`,
  address_refused: () =>
    'That link leads into a private network. I open only what is public on the internet.',
  unsupported: () => 'There is no video or music at that link that I can download.',
  not_found: () => 'There is nothing at that link: the site says that it does not exist, or no longer does.',
  login_required: () => 'That is private, or only for people who are logged in there, so I cannot get it.',
  geo_blocked: () => 'The site does not show that in the country that I download from.',
  age_restricted: () => 'The site shows that only to people who have proved their age, so I cannot get it.',
  playlist: ({ count }) =>
    `That is a playlist${count ? ` of ${plural(count, 'entry', 'entries')}` : ''}. Ask for one of them by its number: .vdl <link> #2 gets the second.`,
  live_stream: () => 'That is a live stream. Ask again when it is over and has become a recording.',
  too_long: ({ limit }) => `That is too long for me${limit ? `: I take up to ${length(limit)}` : ''}.`,
  too_large: ({ limit }) => `That is too large for me${limit ? `: I take up to ${size(limit)}` : ''}.`,
  large_unavailable: ({ limit }) =>
    limit
      ? `That is too large for the downloads that are served here: they end at ${size(limit)}. A lower quality may fit: .vdl <link> 480p.`
      : 'That is too long for the downloads that are served here.',
  no_video: () => 'There is only sound at that link. Ask for it with .adl.',
  no_audio: () => 'There is no sound in that. Ask for the video with .vdl.',
  extractor_broken: () =>
    'The site has changed and I cannot read it any more. It needs an update on my side.',
  source_slow: () => 'The site is too slow, or stopped answering. Try again later.',
  source_rate_limited: ({ retryAfterS }) =>
    `The site has had too many requests from me. Try again ${retryAfterS ? `in ${wait(retryAfterS)}` : 'later'}.`,
  source_unreachable: () =>
    'The site cannot be reached, or has a fault of its own. Check the link, or try again later.',
  media_not_allowed: () => 'I have it, but this chat does not let me send media.',
  cancelled: () => 'Cancelled.',
  withdrawn: () => 'Done: that is cancelled.',
  nothing_to_cancel: () =>
    'There is nothing to cancel. Reply with .cancel to a command that is still in progress, or to its status message.',
  not_yours: () => 'You can cancel only what you asked for yourself; an admin can cancel the rest.',
  admins_only: () =>
    'Only an admin can cancel for everybody. To cancel your own, reply to it with .cancel alone.',
  admin_word: () => 'Only an admin can say who may use the commands.',
  rate_limited: ({ limit }) =>
    `That is more than I do for one person at a time. Ask again ${limit ? `in ${wait(limit)}` : 'in a while'}.`,
  duration_invalid: ({ subject }) =>
    `${quoted(subject)} is not a duration. A duration looks like 90s, 15m, 1h30m, 30d or 2w, and is of ten years at most.`,
  target_missing: () =>
    'Say whom: reply with the command to a message of theirs, or name them after it by @username or by id.',
  user_unknown: ({ subject }) =>
    `${quoted(subject)} is nobody that Telegram knows. Check the name, or reply with the command to a message of theirs.`,
  admin_untouchable: () =>
    'That is an admin. Who is one is set in the configuration, and no command changes what an admin may do.',
  internal: () => 'Something went wrong on my side. It is logged and will be looked at.',
};

/** The sentence for a failure, with the id by which an operator finds the whole story. */
export const failureText = (code: FailureCode, context: FailureContext, correlationId: string): string =>
  `${failureSentences[code](context)} (id ${shortId(correlationId)})`;

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** `90 minutes`, `2.5 hours`. */
const length = (seconds: number): string => {
  if (seconds < 60) return plural(Math.floor(seconds), 'second', 'seconds');
  if (seconds <= 7200) return plural(Math.floor(seconds / 60), 'minute', 'minutes');
  return `${Math.floor(seconds / 360) / 10} hours`;
};

/** `45 seconds`, `2 minutes`, `3 hours`: never shorter than it is, so that whoever waits that long has waited long enough. */
const wait = (seconds: number): string => {
  if (seconds < 90) return plural(Math.ceil(seconds), 'second', 'seconds');
  if (seconds <= 7200) return plural(Math.ceil(seconds / 60), 'minute', 'minutes');
  return plural(Math.ceil(seconds / 3600), 'hour', 'hours');
};

/** `10.5 MB`: decimal units, as download sites show them. */
const size = (bytes: number): string => {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} KB`;
};

/** `1st`, `2nd`, `11th`. */
const ordinal = (n: number): string => {
  const tens = n % 100;
  const suffix = tens > 10 && tens < 14 ? undefined : ['th', 'st', 'nd', 'rd'][n % 10];
  return `${n}${suffix ?? 'th'}`;
};

const timeLeft = (s: number): string => (s < 90 ? `${Math.ceil(s)} s` : `${Math.ceil(s / 60)} min`);

const barLength = 10;
const bar = (share: number): string => {
  const full = Math.floor(share * barLength);
  return '▰'.repeat(full) + '▱'.repeat(barLength - full);
};

type Step = Omit<DataOf<typeof downloadProgress>, 'origin' | 'phase'> & { phase: Phase | 'uploading' };

/** How much of it is done, as far as that is known. */
const amount = ({ bytes, totalBytes }: Step): string => {
  if (bytes === undefined) return '';
  if (!totalBytes) return ` ${size(bytes)}`;
  const share = Math.min(1, bytes / totalBytes);
  return ` ${bar(share)} ${Math.floor(share * 100)} % of ${size(totalBytes)}`;
};

const queuedText = ({ position, waitingFor }: Step): string => {
  if (waitingFor === 'disk') return '… waiting: the disk is full here';
  if (position === undefined) return '… queued';
  return `… queued, ${position === 1 ? 'next' : ordinal(position)} in line`;
};

const waitingText = ({ waitingFor, retryInS }: Step): string => {
  if (waitingFor === 'update') return '… waiting: the site has changed, and I need an update to read it';
  const when = retryInS === undefined ? 'later' : `in ${wait(retryInS)}`;
  return `… that did not work yet; trying again ${when}`;
};

/** `… downloading ▰▰▰▱▱▱▱▱▱▱ 31 % of 10.0 MB, 1.2 MB/s, 6 s left`: where a command stands. Always begins with an ellipsis. */
export const statusText = (step: Step): string => {
  const { phase, bytesPerSecond, etaS } = step;
  if (phase === 'queued') return queuedText(step);
  if (phase === 'waiting') return waitingText(step);
  if (phase === 'probing') return '… looking at the link';
  const speed = bytesPerSecond ? `, ${size(bytesPerSecond)}/s` : '';
  return `… ${phase}${amount(step)}${speed}${etaS ? `, ${timeLeft(etaS)} left` : ''}`;
};

/**
 * A text that the gateway will never take for a command. The account's own messages are commands when they begin with
 * a dot, so what is sent must not: a title could be `.vdl https://…`. Nor may a dot follow what cannot be seen, since Telegram
 * strips some of that.
 */
export const neverCommand = (text: string): string =>
  text.replace(/^([\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}]*)\./u, '$1․');
