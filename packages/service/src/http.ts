import { within } from '@heavy/timing';
import Fastify from 'fastify';
import type { Registry } from 'prom-client';
import type { HealthChecks } from './health.ts';
import type { Redactor } from './redaction.ts';

/** What a page of a service's own shows: anything that becomes JSON. It must hold no secret. */
export type Page = () => object | Promise<object>;

/** Where a service stands in its life. */
export type Phase = 'starting' | 'running' | 'draining';

export interface HttpOptions {
  service: string;
  instance: string;
  host: string;
  port: number;
  health: HealthChecks;
  metrics: Registry;
  phase: () => Phase;
  redactor: Redactor;
}

export interface HttpServer {
  /** The port in use, also where any free one was asked for. */
  port: number;
  /** Adds a page; before it is there, it is not found. */
  get(path: string, page: Page): void;
  close(): Promise<void>;
}

const pageDeadlineMs = 2000;

/**
 * Listens with three pages for machines: `/health` (200, or 503 while unhealthy), `/ready` (200 while messages are being
 * handled, else 503) and `/metrics` (Prometheus text). Pages that are added later have two seconds, and answer 503 where
 * they fail.
 */
export const listenHttp = async (options: HttpOptions): Promise<HttpServer> => {
  const { service, instance, health, metrics, phase } = options;
  const app = Fastify({ logger: false, forceCloseConnections: true });

  app.get('/health', async (_request, reply) => {
    const { status, checks } = await health.run();
    return reply.code(status === 'unhealthy' ? 503 : 200).send({ status, service, instance, checks });
  });

  app.get('/ready', async (_request, reply) => {
    const { ready: able, checks } = await health.run();
    const ready = phase() === 'running' && able;
    return reply.code(ready ? 200 : 503).send({ ready, phase: phase(), checks });
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );

  const pages = new Map<string, Page>();
  // Fastify takes no routes any more once it listens.
  app.get('/*', async (request, reply) => {
    const page = pages.get(request.url.split('?', 1)[0] ?? '');
    if (!page) return reply.callNotFound();
    try {
      return await within(
        Promise.resolve().then(() => page()),
        pageDeadlineMs,
        () => new Error(`no answer within ${pageDeadlineMs} ms`),
      );
    } catch (error) {
      const why = options.redactor.text(error instanceof Error ? error.message : String(error));
      return reply.code(503).send({ error: why });
    }
  });

  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    get: (path, page) => void pages.set(path, page),
    close: () => app.close(),
  };
};
