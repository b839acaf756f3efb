import { type FailureCode, type FailureContext, type Phase, shortId } from '@heavy/contracts';

const quoted = (subject: string | undefined) => (subject ? `“${subject}”` : 'That');

/** The sentence for each failure code. This is the one place where codes become words. */
export const failureSentences: Record<FailureCode, (context: FailureContext) => string> = {
  url_missing: () =>
    'There is no link in that. Type the command and a link, or reply with the command to a message that has one.',
  url_invalid: ({ subject }) =>
    `${quoted(subject)} is not a link that I can open. A link looks like https://example.com/video.`,
  unsupported: () => 'There is no video or music at that link that I can download.',
  not_found: () => 'There is nothing at that link: the site says that it does not exist, or no longer does.',
  login_required: () => 'That is private, or only for people who are logged in there, so I cannot get it.',
  geo_blocked: () => 'The site does not show that in the country that I download from.',
  age_restricted: () => 'The site shows that only to people who have proved their age, so I cannot get it.',
  live_stream: () => 'That is a live stream. Ask again when it is over and has become a recording.',
  too_long: ({ limit }) => `That is too long for me${limit ? `: I take up to ${minutes(limit)}` : ''}.`,
  too_large: ({ limit }) => `That is too large for me${limit ? `: I take up to ${size(limit)}` : ''}.`,
  no_video: () => 'There is only sound at that link. Ask for it with .adl.',
  no_audio: () => 'There is no sound in that. Ask for the video with .vdl.',
  extractor_broken: () =>
    'The site has changed and I cannot read it any more. It needs an update on my side.',
  source_slow: () => 'The site is too slow, or stopped answering. Try again later.',
  source_unreachable: () =>
    'The site cannot be reached, or has a fault of its own. Check the link, or try again later.',
  media_not_allowed: () => 'I have it, but this chat does not let me send media.',
  cancelled: () => 'Cancelled.',
  internal: () => 'Something went wrong on my side. It is logged and will be looked at.',
};

/** The sentence for a failure, with the id by which an operator finds the whole story. */
export const failureText = (code: FailureCode, context: FailureContext, correlationId: string): string =>
  `${failureSentences[code](context)} (id ${shortId(correlationId)})`;

const minutes = (seconds: number): string => `${Math.round(seconds / 60)} minutes`;

/** `10.5 MB`: decimal units, as download sites show them. */
const size = (bytes: number): string => {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} KB`;
};

interface Step {
  phase: Phase | 'uploading';
  bytes?: number;
  totalBytes?: number;
  bytesPerSecond?: number;
  etaS?: number;
}

const seconds = (s: number): string => (s < 90 ? `${Math.ceil(s)} s` : `${Math.ceil(s / 60)} min`);

/** `… downloading 31 % of 10.0 MB, 1.2 MB/s, 6 s left`: where a command stands. Always begins with an ellipsis. */
export const statusText = ({ phase, bytes, totalBytes, bytesPerSecond, etaS }: Step): string => {
  const amount =
    bytes === undefined
      ? ''
      : totalBytes
        ? ` ${Math.min(100, Math.floor((bytes / totalBytes) * 100))} % of ${size(totalBytes)}`
        : ` ${size(bytes)}`;
  const speed = bytesPerSecond ? `, ${size(bytesPerSecond)}/s` : '';
  return `… ${phase}${amount}${speed}${etaS ? `, ${seconds(etaS)} left` : ''}`;
};

/**
 * A text that the gateway will never take for a command. The account's own messages are commands when they begin with
 * a dot, so what is sent must not: a title could be `.vdl https://…`. Nor may a dot follow what cannot be seen, since Telegram
 * strips some of that.
 */
export const neverCommand = (text: string): string =>
  text.replace(/^([\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}]*)\./u, '$1․');
