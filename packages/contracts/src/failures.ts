/**
 * Every way in which a command can end without its media, and what it means. Codes are stable; only the sender turns
 * them into words (docs/failures.md shows both).
 */
export const failureMeanings = {
  url_missing: 'The command came without a URL, and what it replied to had none either.',
  url_invalid: 'What was given is not an http or https URL.',
  address_refused: 'The URL, or something that it leads to, is in a network that is not public.',
  unsupported: 'The page was reached, and nothing on it can be downloaded.',
  not_found: 'The source answered 404 or 410, or says that the media is gone.',
  login_required: 'Private, members only, or behind a login.',
  geo_blocked: 'The source refuses the country of the download.',
  age_restricted: 'The source wants a proof of age.',
  playlist: 'A playlist, and no entry of it was asked for, or one that it does not have.',
  live_stream: 'A live stream, which has no end.',
  too_long: 'Longer than the configured limit of a download.',
  too_large: 'Larger than the configured limit of a download, even of a large one.',
  large_unavailable: 'Too large or too long for a small download, and nobody takes the large ones.',
  no_video: 'A video was asked for and the source has only sound.',
  no_audio: 'Sound was asked for and the source has none.',
  extractor_broken: 'yt-dlp knows the site and can no longer read it: yt-dlp needs an update.',
  source_slow: 'The source is too slow, or stopped answering.',
  source_rate_limited: 'The source has had too many requests from here: it answers 429, or says so.',
  source_unreachable:
    'The name does not resolve, the connection is refused, or the source answers with a server error.',
  media_not_allowed: 'The chat does not let the account send media.',
  cancelled: 'Whoever asked withdrew the command, or an admin did.',
  withdrawn: 'A cancel was carried out.',
  nothing_to_cancel: 'A cancel that replies to no command in progress.',
  not_yours: 'A cancel of what somebody else asked for.',
  admins_only: 'A cancel for everybody, from somebody who is no admin.',
  admin_word: 'A word that changes who may use commands, from somebody who is no admin.',
  rate_limited: 'More commands in the window than the role of that person may use. Said once a window.',
  duration_invalid: 'What stands where a duration is expected is none.',
  target_missing: 'A word about a user that names none, and is no reply.',
  user_unknown: 'Telegram knows no user of that name.',
  admin_untouchable: 'A word against, or for, an admin: their standing is the configuration’s.',
  internal:
    'A fault of ours: the log has the cause, and the message is in a dead-letter queue, or the job among the failed ones.',
} as const;

export type FailureCode = keyof typeof failureMeanings;

export const failureCodes = Object.keys(failureMeanings) as FailureCode[];

/** What a failure sentence may be filled in with; every field is optional. */
export interface FailureContext {
  /** What the person typed in place of a URL, or the host that failed. */
  subject?: string;
  /** Seconds or bytes, by the code: the limit that was hit, or what is left of the window. */
  limit?: number;
  /** Of a playlist: its entries. */
  count?: number;
  /** Of a source: seconds until it wants to be asked again. */
  retryAfterS?: number;
}
