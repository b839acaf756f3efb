import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { World } from '../world/world.ts';
import { BotApiFaults } from './faults.ts';
import { type BotApiCall, Handler } from './handler.ts';
import { type BotApiLimits, documentedLimits, Limiter, noLimits } from './limits.ts';

export interface BotApiOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** Those that Telegram documents, with what is given here in their place. */
  readonly limits?: Partial<BotApiLimits> | 'off';
  /** Milliseconds of the clock that limits and floods go by, which never goes back; that of the process unless given. */
  readonly nowMs?: () => number;
  /** Told of what goes wrong in the server itself. */
  readonly onError?: (error: unknown) => void;
}

/** A running Bot API server. */
export interface BotApi {
  /** Without a slash at its end: the `apiRoot` of grammY. */
  readonly url: string;
  readonly faults: BotApiFaults;
  /** Every call of a bot that is known. */
  readonly calls: readonly BotApiCall[];
  /** How many calls were answered with 429. */
  readonly tooManyRequests: number;
  /** Drops all connections and leaves nothing listening; so does the end of the data centre. */
  close(): Promise<void>;
}

/** Longer than any client keeps a connection, so that none is closed under a request. */
const keepAliveMs = 120_000;

const ignore = (): void => undefined;

/** Starts a Bot API server (https://core.telegram.org/bots/api) for the bots of that world, in this process. */
export const startBotApi = async (world: World, options: BotApiOptions = {}): Promise<BotApi> => {
  const { limits = {}, nowMs = () => performance.now(), host = '127.0.0.1', onError = ignore } = options;
  const closing = new AbortController();
  const faults = new BotApiFaults(nowMs);
  const handler = new Handler(world, {
    limiter: new Limiter(limits === 'off' ? noLimits : { ...documentedLimits, ...limits }, nowMs),
    faults,
    closing: closing.signal,
    onError,
  });
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    void handler.handle(request, response).catch(onError);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      closing.abort();
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  world.closed.addEventListener('abort', () => void close(), { once: true, signal: closing.signal });
  return {
    url: `http://${host}:${port}`,
    faults,
    calls: handler.calls,
    get tooManyRequests() {
      return handler.tooManyRequests;
    },
    close,
  };
};
