import type { FailureCode, FailureContext, MediaProbe } from '@heavy/contracts';

/** A download ended without its media, for a reason that a person can be told: `code` and what fills its sentence. */
export class DownloadFailed extends Error {
  override readonly name = 'DownloadFailed';
  readonly code: FailureCode;
  readonly context: FailureContext;
  /** What was known of the media by then, for whoever tries next. */
  readonly probe?: MediaProbe;

  constructor(
    code: FailureCode,
    context: FailureContext = {},
    { probe, ...options }: ErrorOptions & { probe?: MediaProbe } = {},
  ) {
    super(code, options);
    this.code = code;
    this.context = context;
    if (probe) this.probe = probe;
  }
}
