/**
 * Every way in which a command can end without its media. Codes are stable; only the sender turns them into words
 * (docs/failures.md shows both).
 */
export const failureCodes = [
  /** The command came without a URL, and what it replied to had none either. */
  'url_missing',
  /** What was given is not an http or https URL. */
  'url_invalid',
  /** The page was reached, and nothing on it can be downloaded. */
  'unsupported',
  /** The source answered 404 or 410, or says that the media is gone. */
  'not_found',
  /** Private, members only, or behind a login. */
  'login_required',
  'geo_blocked',
  'age_restricted',
  'live_stream',
  'too_long',
  'too_large',
  /** A video was asked for and the source has only sound. */
  'no_video',
  /** Sound was asked for and the source has none. */
  'no_audio',
  /** yt-dlp knows the site and can no longer read it. */
  'extractor_broken',
  /** The source is too slow, or stopped answering. */
  'source_slow',
  /** The source's name does not resolve, or it refuses the connection, or answers with a server error. */
  'source_unreachable',
  /** The chat does not let the account send media. */
  'media_not_allowed',
  'cancelled',
  /** Our fault. */
  'internal',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** What a failure sentence may be filled in with; every field is optional. */
export interface FailureContext {
  /** What the person typed in place of a URL, or the host that failed. */
  subject?: string;
  /** Seconds or bytes, by the code: the limit that was hit. */
  limit?: number;
}
