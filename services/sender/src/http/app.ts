import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import { redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import Fastify, { type FastifyError } from 'fastify';
import { authenticate } from './authentication.ts';
import { checkMethods } from './method-check.ts';
import { describeApi, isDescription } from './openapi.ts';
import { problemFrom, sendProblem } from './problem.ts';
import type { Api } from './routes/api.ts';
import { botRoutes } from './routes/bots.ts';
import { broadcastRoutes } from './routes/broadcasts.ts';
import { messageRoutes } from './routes/messages.ts';
import { sharedSchemas } from './schemas.ts';
import { secureHeaders } from './security-headers.ts';
import { type TypeBoxProvider, validateStrictly } from './validation.ts';

export interface AppOptions extends Api {
  /** Any of them lets in. */
  keys: readonly string[];
  requestsPerMinute: number;
  failuresPerMinute: number;
  bodyLimitBytes: number;
  log: Logger;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Redis answers in milliseconds; while it is away, commands would wait for it without end. */
const deadlineMs = 10_000;
const bodyWithinMs = 60_000;

/** The API with its routes, its documentation and everything that stands before them; it does not listen yet. */
export const createApp = async (options: AppOptions) => {
  const { log, bodyLimitBytes } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    handlerTimeout: deadlineMs,
    requestTimeout: bodyWithinMs,
    // What a client gives may be any text: an id that is none is not taken over.
    genReqId: ({ headers: { 'x-correlation-id': given } }) =>
      typeof given === 'string' && uuid.test(given) ? given.toLowerCase() : randomUUID(),
  }).withTypeProvider<TypeBoxProvider>();
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = problemFrom(error);
    if (problem.status >= 500) log.error({ err: error, correlationId: request.id }, 'a request failed');
    return sendProblem(request, reply, problem);
  });
  app.addHook('onResponse', async ({ id, method, routeOptions }, { statusCode, elapsedTime }) => {
    const line = {
      correlationId: id,
      method,
      route: routeOptions.url,
      status: statusCode,
      ms: Math.round(elapsedTime),
    };
    if (method === 'GET' || statusCode >= 400) log.debug(line, 'request');
    else log.info(line, 'request');
  });
  validateStrictly(app);
  secureHeaders(app);
  // All replicas count in the same place.
  const { redis } = options;
  await app.register(rateLimit, { global: false, redis, nameSpace: redisKeys.bots.requests });
  authenticate(app, { ...options, isOpen: ({ routeOptions }) => isDescription(routeOptions.url) });
  checkMethods(app);
  await describeApi(app);
  for (const [$id, schema] of Object.entries(sharedSchemas)) app.addSchema({ ...schema, $id });
  botRoutes(app, options);
  messageRoutes(app, options);
  broadcastRoutes(app, options);
  await app.ready();
  return app;
};

/** The OpenAPI document of the API. */
export const openApiDocument = async (): Promise<object> => {
  // Nothing is asked of this one, so that there need be nothing behind it.
  const parts = {} as Api & { log: Logger };
  const app = await createApp({
    ...parts,
    ...{ keys: [], requestsPerMinute: 1, failuresPerMinute: 1, bodyLimitBytes: 1 },
  });
  const document = app.swagger();
  await app.close();
  return document;
};
