import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Which of the keys a request has, as a number; undefined where it has none. Hashes of one length are compared, with each key and to
 * the end, so that the time tells nothing of a key, nor of which one it was.
 */
export const keyCheck = (
  keys: readonly string[],
): ((authorization: string | undefined) => number | undefined) => {
  const hashes = keys.map(sha256);
  return (authorization) => {
    const given = sha256(/^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
    let found: number | undefined;
    for (const [index, hash] of hashes.entries()) if (timingSafeEqual(hash, given)) found = index;
    return found;
  };
};

interface Options {
  keys: readonly string[];
  requestsPerMinute: number;
  failuresPerMinute: number;
  /** Whether a request is for a page that everybody may see. */
  isOpen: (request: FastifyRequest) => boolean;
}

const minuteMs = 60_000;

/**
 * Lets in who has a key, as often as the limit says, and everybody to the open pages. Whoever has none gets 401, and 429 once it was too
 * often from one address. A right key is let in from there too: nobody is locked out by a neighbour's mistakes, and a
 * key of 32 characters is not to be guessed.
 */
export const authenticate = (app: FastifyInstance, options: Options): void => {
  const keyOf = keyCheck(options.keys);
  const limit = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow: minuteMs, keyGenerator });
  const byKey = limit(options.requestsPerMinute, (request) => `key ${keyOf(request.headers.authorization)}`);
  const byAddress = limit(options.requestsPerMinute, ({ ip }) => `open ${ip}`);
  const failures = limit(options.failuresPerMinute, ({ ip }) => `failed ${ip}`);

  const count = async (request: FastifyRequest, counter: typeof byKey): Promise<void> => {
    const result = await counter(request);
    if (!result.isAllowed && result.isExceeded)
      throw new Problem('too_many_requests', `Ask again in ${result.ttlInSeconds} s.`, {
        headers: { 'retry-after': `${result.ttlInSeconds}` },
      });
  };

  app.addHook('onRequest', async (request) => {
    if (options.isOpen(request)) return count(request, byAddress);
    if (keyOf(request.headers.authorization) !== undefined) return count(request, byKey);
    await count(request, failures);
    throw new Problem('unauthorized', '', { headers: { 'www-authenticate': 'Bearer' } });
  });
};
