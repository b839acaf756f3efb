import { secret } from '@heavy/service';
import { Type } from 'typebox';

/** Visible ASCII but the comma, which separates keys. */
const key = '[!-+\\x2d-~]{32,}';

/** Environment variables of the HTTP API for bots. */
export const botsApiSettings = {
  BOTS_API_KEY: Type.Optional(
    secret({
      pattern: `^${key}(,${key})*$`,
      description:
        'Key of the HTTP API for bots, at least 32 characters; several, separated by commas, while keys are changed. Without it nothing listens; it takes BOTS.',
    }),
  ),
  BOTS_API_HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    description:
      'Address that the HTTP API for bots listens on. It speaks no TLS: a proxy that does belongs before it.',
  }),
  BOTS_API_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8480,
    description: 'Port of the HTTP API for bots; 0 takes any free one, which is logged.',
  }),
  BOTS_API_REQUESTS_PER_MINUTE: Type.Integer({
    minimum: 1,
    default: 6000,
    description: 'Requests that one key may make in a minute, to all replicas together.',
  }),
  BOTS_API_FAILURES_PER_MINUTE: Type.Integer({
    minimum: 1,
    default: 10,
    description: 'Requests without a right key that one address may make in a minute before it gets 429.',
  }),
  BOTS_API_BODY_BYTES: Type.Integer({
    minimum: 1024,
    default: 1_048_576,
    description: 'Largest body of a request; lists of recipients may have 4 MB.',
  }),
};
