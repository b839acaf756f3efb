import type { FastifyInstance } from 'fastify';

const headers = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
};
/** Answers are data: nothing in them is ever to be run or shown as a page. The page of the documentation says something else. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/** What every answer tells a browser; nothing of the data is to be kept. */
export const secureHeaders = (app: FastifyInstance): void => {
  app.addHook('onSend', async (request, reply) => {
    reply.headers({ ...headers, 'x-correlation-id': request.id });
    if (!reply.hasHeader('content-security-policy')) reply.header('content-security-policy', dataPolicy);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
};
