import { Api } from 'grammy';

/** The request may have reached Telegram, and no answer came. */
export class AnswerLost extends Error {
  override readonly name = 'AnswerLost';
}

/** The request never left: nothing is there to be reached. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
}

/** What happens before the first byte of a request is written. */
const before = {
  syscalls: ['connect', 'getaddrinfo', 'queryA', 'queryAaaa'],
  codes: ['UND_ERR_CONNECT_TIMEOUT', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
};

/** Whether an error of `fetch`, or one below it, tells that the request was not written. */
const isBeforeSending = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  const syscall = 'syscall' in error ? String(error.syscall) : '';
  if (before.codes.includes(code) || before.syscalls.includes(syscall)) return true;
  if (/^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.every(isBeforeSending);
  return error.cause !== undefined && isBeforeSending(error.cause);
};

/** A word for what happened to a connection: `ECONNRESET`, `TimeoutError`. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
};

interface Request {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/**
 * Node's own `fetch` in the form in which grammY calls one. It tells what never left from what may have arrived, and turns an answer
 * that is no JSON, such as a proxy's page, into one of the Bot API.
 */
const fetchFor =
  (timeoutMs: number) =>
  async (url: string, { method = 'POST', headers = {}, body }: Request): Promise<Response> => {
    let response: Response;
    let text: string;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      response = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
      text = await response.text();
    } catch (error) {
      // The cause is a socket's error; the error itself may hold the URL, and with it the token.
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = reasonOf(cause);
      if (isBeforeSending(error)) throw new NotReached(`the Bot API cannot be reached (${why})`);
      throw new AnswerLost(`no answer of the Bot API (${why})`);
    }
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    if (isJson) return new Response(text, { status: response.status });
    const description = `HTTP ${response.status} ${response.statusText}`.trim();
    return Response.json(
      { ok: false, error_code: response.status, description },
      { status: response.status },
    );
  };

/** The Bot API for one bot: each call is made once, whatever comes of it. */
export const createBotApi = (token: string, root: string, timeoutMs: number): Api =>
  new Api(token, {
    apiRoot: root,
    // grammY's type is that of node-fetch; it calls it with a URL, headers and a text, and reads JSON from the answer.
    fetch: fetchFor(timeoutMs) as unknown as NonNullable<ConstructorParameters<typeof Api>[1]>['fetch'],
    // Ours is the one that counts.
    timeoutSeconds: Math.ceil(timeoutMs / 1000) + 5,
    sensitiveLogs: false,
  });
