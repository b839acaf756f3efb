import Fastify from 'fastify';
import type { Registry } from 'prom-client';
import type { HealthChecks } from './health.ts';

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
}

export interface HttpServer {
  /** The port in use, also where any free one was asked for. */
  port: number;
  close(): Promise<void>;
}

/**
 * Listens with three pages for machines: `/health` (200, or 503 while unhealthy), `/ready` (200 while messages are being
 * handled, else 503) and `/metrics` (Prometheus text).
 */
export const listenHttp = async (options: HttpOptions): Promise<HttpServer> => {
  const { service, instance, health, metrics, phase } = options;
  const app = Fastify({ logger: false, forceCloseConnections: true });

  app.get('/health', async (_request, reply) => {
    const { status, checks } = await health.run();
    return reply.code(status === 'unhealthy' ? 503 : 200).send({ status, service, instance, checks });
  });

  app.get('/ready', async (_request, reply) => {
    const { status, checks } = await health.run();
    const ready = phase() === 'running' && status === 'ok';
    return reply.code(ready ? 200 : 503).send({ ready, phase: phase(), checks });
  });

  app.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.metrics()),
  );

  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => app.close(),
  };
};
