import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

const docs = '/docs';
const document = '/openapi.json';

/** The page runs and asks for what this server has, and nothing else. */
const pagePolicy = [
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'",
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
].join('; ');

/** What tells nothing but what this repository tells too; a browser that opens a page cannot send a key. */
export const isDescription = (url: string | undefined): boolean =>
  url === document || url === docs || url?.startsWith(`${docs}/`) === true;

/** Serves the OpenAPI document, and Swagger UI over it. To be called before the routes that it tells of. */
export const describeApi = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, index) => `${$id ?? index}` },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Heavy Telegram Bot: sending for bots',
        version: '1',
        description:
          'Messages and broadcasts of any number of bots, over the same Redis Streams that applications may use directly. Errors are `application/problem+json` (RFC 9457).',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'Bots', description: 'Add, remove, and see how they are doing' },
        { name: 'Messages', description: 'Send, edit, delete; what became of it' },
        { name: 'Broadcasts', description: 'One message to many recipients' },
      ],
      components: {
        securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'One of `BOTS_API_KEY`' } },
      },
      security: [{ key: [] }],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: docs,
    staticCSP: pagePolicy,
    theme: { title: 'Heavy Telegram Bot: HTTP API for bots' },
    // Without the bar at the top, in which the description of any other server could be opened.
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      displayRequestDuration: true,
      tryItOutEnabled: true,
    },
  });
  app.get(document, { schema: { hide: true } }, () => app.swagger());
};
