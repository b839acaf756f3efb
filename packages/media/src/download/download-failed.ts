import type { FailureCode, FailureContext } from '@heavy/contracts';

/** A download ended without its media, for a reason that a person can be told: `code` and what fills its sentence. */
export class DownloadFailed extends Error {
  override readonly name = 'DownloadFailed';
  readonly code: FailureCode;
  readonly context: FailureContext;

  constructor(code: FailureCode, context: FailureContext = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.context = context;
  }
}
