/** What a call was refused with beyond its description (https://core.telegram.org/bots/api#responseparameters). */
export interface ResponseParameters {
  readonly retry_after?: number;
  readonly migrate_to_chat_id?: number;
}

/** A refusal as the Bot API words it, such as 400 `Bad Request: chat not found`. */
export class BotApiError extends Error {
  override readonly name = 'BotApiError';
  readonly code: number;
  readonly parameters: ResponseParameters | undefined;

  constructor(code: number, description: string, parameters?: ResponseParameters, options?: ErrorOptions) {
    super(description, options);
    this.code = code;
    this.parameters = parameters;
  }
}

export const badRequest = (reason: string, parameters?: ResponseParameters): BotApiError =>
  new BotApiError(400, `Bad Request: ${reason}`, parameters);
export const forbidden = (reason: string): BotApiError => new BotApiError(403, `Forbidden: ${reason}`);
export const tooManyRequests = (retryAfterS: number): BotApiError =>
  new BotApiError(429, `Too Many Requests: retry after ${retryAfterS}`, { retry_after: retryAfterS });
