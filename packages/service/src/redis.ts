import { within } from '@heavy/timing';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';

const longestDelayMs = 2000;

/** Doubles from 50 ms to 2 s, with up to half of it as jitter, so that services do not come back all at once. */
const reconnectDelayMs = (attempt: number): number => {
  const delay = Math.min(50 * 2 ** Math.min(attempt, 10), longestDelayMs);
  return Math.round(delay / 2 + (Math.random() * delay) / 2);
};

/**
 * A Redis connection that comes back by itself. Commands given while Redis is away wait for it, without limit: whoever cannot
 * wait sets a deadline of his own.
 */
export const connectRedis = (url: string, name: string, log: Logger): Redis => {
  const redis = new Redis(url, {
    connectionName: name,
    maxRetriesPerRequest: null,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
  let lastError: Error | undefined;
  let told = false;
  redis.on('ready', () => {
    told = false;
    log.info('redis connected');
  });
  redis.on('error', (error: Error) => {
    lastError = error;
  });
  // One line an outage: each failed attempt to reconnect ends here too.
  redis.on('reconnecting', () => {
    if (!told) log.warn({ err: lastError }, 'redis connection lost, reconnecting');
    told = true;
  });
  return redis;
};

/** Says good-bye, and where Redis is away closes without. */
export const closeRedis = async (redis: Redis, withinMs = 1000): Promise<void> => {
  try {
    if (redis.status !== 'ready') throw new Error('not connected');
    await within(redis.quit(), withinMs, () => new Error('no answer to QUIT'));
  } catch {
    // Redis frees the connection of a client that vanishes: nothing is lost.
    redis.disconnect();
  }
};
