import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** What a request can end with, but success; the last part of the problem's `type`. */
const titles = {
  invalid_request: [400, 'The request is not valid'],
  unauthorized: [401, 'A valid key is needed'],
  not_found: [404, 'There is nothing at this address'],
  bot_not_found: [404, 'There is no such bot'],
  message_not_found: [404, 'There is no such message, or it is forgotten'],
  broadcast_not_found: [404, 'There is no such broadcast, or it is forgotten'],
  method_not_allowed: [405, 'This address does not know this method'],
  conflict: [409, 'Not in its present state'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body must be application/json'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  too_many_requests: [429, 'Too many requests'],
  internal: [500, 'Something went wrong here'],
  unavailable: [503, 'It cannot be done just now'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof titles;

interface Fault {
  /** Where it is: `body/text`, `query/limit`, `path/chatId`, `headers/idempotency-key`. */
  field: string;
  message: string;
}

interface ProblemOptions extends ErrorOptions {
  errors?: Fault[];
  headers?: Record<string, string>;
}

/** A request that ends with an error: RFC 9457. What stands in it is shown to whoever asked. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly errors: Fault[] | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail = '', { errors, headers = {}, ...options }: ProblemOptions = {}) {
    super(detail, options);
    this.code = code;
    this.errors = errors;
    this.headers = headers;
  }

  get status(): number {
    return titles[this.code][0];
  }
}

/** What Fastify calls the parts of a request, where people say something else. */
const partNames: Readonly<Record<string, string>> = { querystring: 'query', params: 'path' };

const fieldOf = (context: string | undefined, path: string, params: Record<string, unknown>): string => {
  const name = params['missingProperty'] ?? params['additionalProperty'];
  const part = context ?? 'body';
  return `${partNames[part] ?? part}${path}${typeof name === 'string' ? `/${name}` : ''}`;
};

/** Fastify's own errors by their codes; whatever else there is, is a fault of ours, and shows nothing. */
export const problemFrom = (error: FastifyError | Problem): Problem => {
  if (error instanceof Problem) return error;
  if (error.validation) {
    const errors = error.validation.map(({ instancePath, message, params }) => ({
      field: fieldOf(error.validationContext, instancePath, params),
      message: message ?? 'is not valid',
    }));
    const [first] = errors;
    return new Problem('invalid_request', `${first?.field} ${first?.message}`, { errors, cause: error });
  }
  const cause = error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem('body_too_large', '', { cause });
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new Problem('unsupported_media_type', '', { cause });
  if (error.code === 'FST_ERR_HANDLER_TIMEOUT')
    return new Problem('unavailable', 'Redis does not answer.', { cause, headers: { 'retry-after': '5' } });
  if (error.statusCode === 400) return new Problem('invalid_request', 'The body is not JSON.', { cause });
  return new Problem('internal', '', { cause });
};

/** Answers with a problem, as `application/problem+json`. */
export const sendProblem = (request: FastifyRequest, reply: FastifyReply, problem: Problem) =>
  reply
    .code(problem.status)
    .headers(problem.headers)
    // A serializer of the route's would take it for the success that it knows.
    .serializer(JSON.stringify)
    .type('application/problem+json; charset=utf-8')
    .send({
      type: `urn:heavy:problem:${problem.code}`,
      title: titles[problem.code][1],
      status: problem.status,
      ...(problem.message === '' ? {} : { detail: problem.message }),
      ...(problem.errors ? { errors: problem.errors } : {}),
      correlation_id: request.id,
    });
