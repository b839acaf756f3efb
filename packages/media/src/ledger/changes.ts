import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';

/** Hears of changes in the ledger, as they happen. Those that are published while the connection is away are missed. */
export interface Changes {
  /** Connects on first use. The listener must not throw. */
  onChange(listener: (hash: string) => void): () => void;
  close(): void;
}

/** Subscribes over a connection of its own, as Redis wants it; `caughtUp` is called whenever it listens (again). */
export const createChanges = (redis: Redis, log: Log, caughtUp: () => void): Changes => {
  const listeners = new Set<(hash: string) => void>();
  let subscriber: Redis | undefined;

  const connect = (): Redis => {
    const connection = redis.duplicate({ autoResubscribe: false, lazyConnect: false });
    connection.on('message', (_channel: string, hash: string) => {
      for (const listener of [...listeners]) listener(hash);
    });
    connection.on('ready', () => {
      connection
        .subscribe(redisKeys.ledgerChanged)
        .then(caughtUp)
        // The connection went again: another `ready` follows, or it was closed.
        .catch((err: unknown) => log.debug({ err }, 'not subscribed to the ledger'));
    });
    // The connection that this one is a copy of says it better.
    connection.on('error', (err) => log.debug({ err }, 'the connection for changes in the ledger failed'));
    return connection;
  };

  return {
    onChange: (listener) => {
      subscriber ??= connect();
      // One of its own for each call: the same function may be given twice.
      const own = (hash: string) => listener(hash);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    close: () => {
      listeners.clear();
      subscriber?.disconnect();
      subscriber = undefined;
    },
  };
};
