import { once } from 'node:events';
import { queues } from '@heavy/contracts';
import { createDirectoryStore } from '@heavy/media';
import { connectBroker } from '@heavy/messaging';
import { createAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { senderHandlers } from '../src/handlers.ts';
import { createPace } from '../src/pace/pace.ts';
import { createPaceStore } from '../src/pace/pace-store.ts';
import { createStrangers } from '../src/strangers.ts';
import { quiet, store as smallStore, splitter } from './fixture.ts';

/** What the process is told over its standard input, once it is to begin. */
export interface Order {
  session: string;
  endpoint: { host: string; port: number; publicKeyPem: string };
  amqpUrl: string;
  redisUrl: string;
  /** Where its media are; without it, they are of ten bytes. */
  storeDir?: string;
}

// A sender without health, lease and shutdown: it is there to be killed. Starting takes longest, so it is done beforehand.
const [line] = (await once(process.stdin.setEncoding('utf8'), 'data')) as [string];
const { session, endpoint, amqpUrl, redisUrl, storeDir } = JSON.parse(line) as Order;
process.stdin.once('end', () => process.exit(1));
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
const account = createAccount({ session, apiId: 1, apiHash: 'x', endpoint, log: quiet });
const [{ id }, broker] = await Promise.all([
  account.connect(),
  connectBroker({ url: amqpUrl, service: 'sender', log: quiet, redis, retryDelaysMs: [200, 1000] }),
]);
const store = storeDir === undefined ? smallStore : createDirectoryStore({ dir: storeDir });
const pace = createPace({
  ...{ settings: { rate: 0, ratePerChat: 0 }, store: createPaceStore(redis, id), log: quiet },
});
const strangers = createStrangers({ account, redis, pauseMs: 60_000, log: quiet });
const handlers = senderHandlers({
  ...{ account, store, splitter, redis, log: quiet, pace, strangers },
  ...{ statusIntervalMs: 0, callsAtOnce: 64, uploadsAtOnce: 1 },
});
await broker.consume(queues.sender, handlers, { prefetch: 4096 });
