import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { backoffMs, pause } from '../backoff.ts';
import type { Middleware } from '../delivery.ts';
import { BrokerClosed } from '../errors.ts';
import type { MessagingLogger } from '../observers.ts';

/** For how long an event is remembered: longer than any redelivery or operator's replay by mistake takes. */
const rememberS = 24 * 60 * 60;

/** Gathers the keys that are asked for in one turn of the event loop and gives them to `run` together. */
const inBatches = <T>(run: (keys: string[]) => Promise<T[]>): ((key: string) => Promise<T>) => {
  let waiting: { key: string; resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];
  const flush = async () => {
    const batch = waiting;
    waiting = [];
    try {
      const results = await run(batch.map(({ key }) => key));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as T);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ key, resolve, reject }) === 1) queueMicrotask(() => void flush());
    });
};

interface DeduplicateOptions {
  redis: Redis;
  queue: string;
  log: MessagingLogger;
  /** Ends the waiting for a Redis that is away. */
  signal: AbortSignal;
}

/**
 * Handles an event that this queue has handled within 24 hours no second time. An id is recorded after success and before
 * the acknowledgement, so a crash in between repeats the handler rather than losing the event. While Redis is away
 * deliveries wait: without it nothing is handled, and nothing is skipped.
 */
export const deduplicate = ({ redis, queue, log, signal }: DeduplicateOptions): Middleware => {
  const untilAnswered = async <T>(command: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await command();
      } catch (err) {
        if (signal.aborted) throw new BrokerClosed();
        log.warn({ err, queue, attempt }, 'Redis does not answer, deliveries wait');
        await pause(backoffMs(attempt), signal);
      }
    }
  };
  const isHandled = inBatches<boolean>((keys) =>
    untilAnswered(async () => (await redis.mget(keys)).map((value) => value !== null)),
  );
  const markHandled = inBatches<void>((keys) =>
    untilAnswered(async () => {
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.set(key, '1', 'EX', rememberS);
      const replies = (await pipeline.exec()) ?? [];
      for (const [error] of replies) if (error) throw error;
      return Array<void>(keys.length);
    }),
  );

  return (next) => async (delivery) => {
    const key = redisKeys.handled(queue, delivery.envelope.id);
    if (await isHandled(key)) {
      log.debug({ eventId: delivery.envelope.id, type: delivery.envelope.type }, 'event was handled before');
      return 'duplicate';
    }
    const outcome = await next(delivery);
    if (outcome === 'handled') await markHandled(key);
    return outcome;
  };
};
