/** A refusal as Telegram words it, such as 400 `MESSAGE_ID_INVALID` (https://core.telegram.org/api/errors). */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const badRequest = (message: string): RpcError => new RpcError(400, message);
/** What Telegram refuses with 406 is not to be shown as an error: the reason came, or comes, as an update. */
export const notAcceptable = (message: string): RpcError => new RpcError(406, message);
export const forbidden = (message: string): RpcError => new RpcError(403, message);
