import type { Logger } from '@heavy/service';
import { type Static, Type } from 'typebox';
import { createApp } from './app.ts';
import type { Api } from './routes/api.ts';
import { botsApiSettings } from './settings.ts';

const settings = Type.Object(botsApiSettings);

export interface BotsApi {
  /** The port in use, also where any free one was asked for. */
  port: number;
  /** Takes no more requests, and answers those that it has. */
  close(): Promise<void>;
}

/** Listens with the HTTP API for bots; null where there is no key: then nothing does. */
export const startBotsApi = async ({
  config,
  ...parts
}: Api & { config: Static<typeof settings>; log: Logger }): Promise<BotsApi | null> => {
  const { BOTS_API_KEY: keys, BOTS_API_HOST: host, BOTS_API_PORT: wanted } = config;
  if (keys === undefined) return null;
  const app = await createApp({
    ...parts,
    keys: keys.split(','),
    requestsPerMinute: config.BOTS_API_REQUESTS_PER_MINUTE,
    failuresPerMinute: config.BOTS_API_FAILURES_PER_MINUTE,
    bodyLimitBytes: config.BOTS_API_BODY_BYTES,
  });
  await app.listen({ host, port: wanted });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : wanted;
  parts.log.info({ host, port }, 'the HTTP API for bots is listening');
  return { port, close: () => app.close() };
};
