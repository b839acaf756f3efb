import type { FailureCode, MediaKind } from '@heavy/contracts';

interface FailureClass {
  /** Tried on each line of yt-dlp's that begins with `ERROR:`. */
  readonly pattern: RegExp;
  readonly code: FailureCode | Readonly<Record<MediaKind, FailureCode>>;
}

/**
 * What yt-dlp's errors mean, the first that matches. More special ones come first: "Sign in to confirm your age" is about
 * the age, and "Video unavailable. This video is private" about the privacy.
 */
export const failureClasses: readonly FailureClass[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|Permission denied|Read-only file system/,
    code: 'internal',
  },
  // The proxy was there, and the origin was not; unless it wants other credentials, or the one behind it does.
  { pattern: /Tunnel connection failed: (?!407|597)/, code: 'source_unreachable' },
  {
    pattern:
      /ffmpeg (is )?not (found|installed)|(HTTP Error|connection failed:) (407|597)|(connect to|from) proxy|proxy (error|connection)/i,
    code: 'internal',
  },
  { pattern: /is not a valid URL/, code: 'url_invalid' },
  {
    pattern:
      /live event (will begin|has ended)|will begin in|premieres in|not currently live|is offline|live stream recording/i,
    code: 'live_stream',
  },
  {
    pattern:
      /confirm your age|age[ -]?(restricted|gate|verification|limit)|inappropriate for some users|adults only/i,
    code: 'age_restricted',
  },
  {
    pattern: /geo[ -]?(restrict|block)|HTTP Error 451|(your|this) (country|region|location)\b/i,
    code: 'geo_blocked',
  },
  // Segments whose key is none, or not theirs.
  { pattern: /DRM|AES key length|padding is incorrect|Unable to decrypt/i, code: 'unsupported' },
  { pattern: /unable to download video data: HTTP Error 403/, code: 'extractor_broken' },
  {
    pattern:
      /HTTP Error 40[13]|\bprivate\b|members[ -]only|join this channel|premium (members|users|account)|(log|sign)(ged)?[ -]?in\b|login (is )?(required|page)|registered users|subscri(bers|ption)|account credentials|--cookies|video[- ]?password|password[- ]protected/i,
    code: 'login_required',
  },
  { pattern: /Requested format is not available/, code: { video: 'no_video', audio: 'no_audio' } },
  {
    pattern:
      /Unsupported URL|No (video|media|audio)( formats?| could be| was)? found|there('s| is) no (video|media)|Did not get any data blocks|downloaded file is empty|No playable|No suitable (extractor|format)/i,
    code: 'unsupported',
  },
  {
    pattern:
      /HTTP Error (404|410)|(is|are|was|video|page|post|content|account|been) ?(currently |no longer )?(unavailable|not available|removed|deleted|terminated|available anymore)|(does not|doesn't|no longer) exists?|not found|has been (removed|deleted|taken down)/i,
    code: 'not_found',
  },
  { pattern: /HTTP Error 429|rate[- ]limited/i, code: 'source_rate_limited' },
  { pattern: /time(d )?out/i, code: 'source_slow' },
  {
    pattern:
      /HTTP Error \d{3}|another file each time|Connection (refused|reset|aborted)|Remote end closed|Name or service not known|nodename nor servname|name resolution|Failed to resolve|No address associated|getaddrinfo|Network is unreachable|No route to host|SSL|certificate|Tunnel connection failed|IncompleteRead|more expected|content too short|BadStatusLine|LineTooLong/i,
    code: 'source_unreachable',
  },
  {
    pattern: /Unable to extract|Failed to parse|please report this issue|Signature extraction|nsig/i,
    code: 'extractor_broken',
  },
  // Any other error of an extractor that knows its site.
  { pattern: /^ERROR: \[(?!generic\])[\w:+-]+\]/, code: 'extractor_broken' },
];

/** An error without the URLs and the media's id in it: `/private/sign-in` says nothing about what went wrong. */
const withoutNames = (line: string): string =>
  line.replace(/https?:\/\/[^\s'"]+/g, '<url>').replace(/^ERROR: (\[[\w:+-]+\]) [^ :]+: /, 'ERROR: $1 ');

const errorsIn = (stderr: string): string[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('ERROR:'))
    .map(withoutNames);

/** True where a source refused that may say when to come again. */
export const isToComeAgain = (stderr: string): boolean =>
  errorsIn(stderr).some((line) => /HTTP Error (429|503)/.test(line));

/** The failure that yt-dlp's standard error tells of; `internal` where nobody knows. */
export const classifyFailure = (stderr: string, kind: MediaKind): FailureCode => {
  const errors = errorsIn(stderr);
  for (const { pattern, code } of failureClasses)
    if (errors.some((line) => pattern.test(line))) return typeof code === 'string' ? code : code[kind];
  return 'internal';
};
