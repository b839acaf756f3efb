import { redisKeys } from '@heavy/contracts';
import { within } from '@heavy/timing';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

const intervalMs = 5000;
const ttlSeconds = 15;

export interface Heartbeat {
  /** Stops, and takes the sign of life back at once. */
  stop(): Promise<void>;
}

export interface HeartbeatOptions {
  redis: Redis;
  service: string;
  instance: string;
  version: string;
  log: Logger;
  /** What else is said again with each beat, since Redis may have lost it. */
  onBeat: () => Promise<unknown>;
}

/**
 * Writes `heartbeat:<service>:<instance>` every 5 s for 15 s: `{pid, startedAt, version}` as JSON. A beat is left out while
 * the one before it still waits for Redis.
 */
export const startHeartbeat = (options: HeartbeatOptions): Heartbeat => {
  const { redis, service, instance, version, log, onBeat } = options;
  const key = redisKeys.heartbeat(service, instance);
  const value = JSON.stringify({ pid: process.pid, startedAt: new Date().toISOString(), version });
  let waiting = false;

  const beat = async (): Promise<void> => {
    if (waiting) return;
    waiting = true;
    try {
      await redis.set(key, value, 'EX', ttlSeconds);
      await onBeat();
    } catch (err) {
      log.warn({ err }, 'heartbeat failed');
    } finally {
      waiting = false;
    }
  };
  void beat();
  const timer = setInterval(() => void beat(), intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      if (redis.status !== 'ready') return;
      try {
        // Redis keeps the order of one connection's commands: a beat under way cannot come after this.
        await within(redis.del(key), 1000, () => new Error('no answer to DEL'));
      } catch (err) {
        // The TTL does the same, later.
        log.warn({ err }, 'heartbeat was not taken back');
      }
    },
  };
};
