import { botStreams } from '@heavy/contracts';
import type { CheckResult, Logger } from '@heavy/service';
import { parseSessionKey, SessionUnreadable } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { type BotServer, serveBot } from './bot-server.ts';
import { streamNames } from './chat.ts';
import { followControl } from './control.ts';
import { type BotLease, createBotLeases } from './leases.ts';
import { createBotMetrics } from './metrics.ts';
import type { OnBotOutcome } from './outcome.ts';
import { readBot, tokenOf } from './registry.ts';
import type { BotsSettings } from './settings.ts';
import { createStreamReader } from './stream-reader.ts';

export interface BotsOptions {
  config: BotsSettings;
  redis: Redis;
  /** Name of this replica. */
  instance: string;
  log: Logger;
  /** Where the bots' metrics go. */
  metrics?: Registry;
  /** Told of each outcome before its entry is acknowledged. */
  onOutcome?: OnBotOutcome;
}

/** The sending service for bots. */
export interface Bots {
  /** Ids of the bots that this replica serves. */
  readonly serving: readonly number[];
  check(): CheckResult;
  /** Ends what is on its way and gives all leases back, so that other replicas go on at once. */
  close(): Promise<void>;
}

interface Served {
  /** As the registry had it. */
  registered: string;
  lease: BotLease;
  server: BotServer | undefined;
  /** Undefined where it is all right. */
  fault?: string;
  ended: Promise<void>;
}

/** Serves the bots of the registry, together with all other replicas on the same Redis. Resolves when the first of them are served. */
export const startBots = async ({ config: settings, ...options }: BotsOptions): Promise<Bots> => {
  const { redis, instance, log } = options;
  const streams = botStreams(settings.BOTS_STREAM_PREFIX);
  const sessionKey =
    settings.HEAVY_SESSION_KEY === undefined ? undefined : parseSessionKey(settings.HEAVY_SESSION_KEY);
  if (!sessionKey) log.error('HEAVY_SESSION_KEY is not set: no bot can be added or served');

  const served = new Map<number, Served>();
  let registry: ReadonlyMap<number, string> = new Map();
  const reader = createStreamReader(redis, instance, log);
  const metrics = createBotMetrics({
    registry: options.metrics,
    served: () => served.size,
    lengths: () =>
      Promise.all(
        [...served.keys()].flatMap((botId) =>
          streamNames.map(async (stream) => ({
            ...{ botId, stream },
            length: await redis.xlen(streams[stream](botId)),
          })),
        ),
      ),
    waitingChats: () =>
      [...served].map(([botId, { server }]) => ({ botId, chats: server?.waitingChats() ?? 0 })),
  });

  const begin = async (botId: number, one: Served): Promise<void> => {
    const bot = readBot(one.registered);
    if (!bot) {
      one.fault = 'what Redis keeps of it cannot be read: add the bot again';
      log.error({ botId, fault: one.fault }, 'a bot is not served');
      return;
    }
    try {
      const token = tokenOf(bot, sessionKey);
      one.server = await serveBot({
        ...{ botId, token, isSentLogs: bot.isSentLogs, lease: one.lease, redis, streams, settings },
        ...{ metrics, log, onOutcome: options.onOutcome, instance, reader },
      });
      log.info({ botId, username: bot.username }, 'bot served');
    } catch (err) {
      one.fault = err instanceof SessionUnreadable ? err.message : 'it could not be started: see the log';
      log.error({ err, botId }, 'a bot is not served');
    }
  };
  /** The last end of each bot here: a bot that comes back does not meet itself. */
  const endings = new Map<number, Promise<void>>();
  const leaving = new Set<number>();
  const serve = (botId: number, registered: string, lease: BotLease, after: Promise<void>): void => {
    const one: Served = { registered, lease, server: undefined, ended: after };
    served.set(botId, one);
    one.ended = after.then(() => begin(botId, one));
  };
  const halt = (one: Served): Promise<void> => one.ended.then(() => one.server?.stop());
  const hand = async (botId: number): Promise<void> => {
    const one = served.get(botId);
    if (!one || leaving.has(botId)) return;
    leaving.add(botId);
    try {
      await halt(one);
      await one.lease.release();
    } finally {
      leaving.delete(botId);
    }
  };

  const leases = createBotLeases({
    ...{ redis, instance, log, leaseMs: settings.BOTS_LEASE_MS },
    onTaken: (botId, lease) => {
      serve(botId, registry.get(botId) ?? '', lease, endings.get(botId) ?? Promise.resolve());
      lease.signal.addEventListener('abort', () => {
        const one = served.get(botId);
        served.delete(botId);
        metrics.forget(botId);
        if (one) endings.set(botId, halt(one));
      });
    },
    onGive: (botId) =>
      void hand(botId).catch((err: unknown) => log.warn({ err, botId }, 'a bot was not handed over')),
    onControl: (lease) => {
      const control = { redis, streams, settings, sessionKey, reader, instance, log };
      followControl({ ...control, onChange: () => void leases.hurry() }, lease).catch((err: unknown) => {
        log.error({ err }, 'the control stream is not followed: another replica is to try');
        void lease.release();
      });
    },
    onRegistry: (bots) => {
      registry = bots;
      for (const [botId, one] of served) {
        const registered = bots.get(botId);
        if (registered === undefined || registered === one.registered || leaving.has(botId)) continue;
        // With another token, or another wish for logs, it is served anew under the same lease.
        serve(botId, registered, one.lease, halt(one));
      }
    },
  });
  await leases.hurry();
  await Promise.all([...served.values()].map(({ ended }) => ended));

  return {
    get serving() {
      return [...served.keys()];
    },
    check: () => {
      if (leases.lastTurn.agoMs() > settings.BOTS_LEASE_MS)
        return { ok: false, detail: 'Redis does not answer: no bot is served' };
      if (!sessionKey) return { ok: false, detail: 'HEAVY_SESSION_KEY is not set: no bot can be served' };
      const faults = [...served].flatMap(([botId, { fault, server }]) => {
        const why = fault ?? server?.fault();
        return why === undefined ? [] : [`bot ${botId}: ${why}`];
      });
      const detail = `${served.size} of ${registry.size} bots`;
      if (faults.length === 0) return { ok: true, detail };
      // The other bots are served, and this one will be again as soon as its fault is mended.
      return { ok: false, serving: true, detail: [detail, ...faults.slice(0, 5)].join('; ') };
    },
    close: async () => {
      await leases.resign();
      await Promise.all([...served.keys()].map(hand));
      await leases.close();
      await Promise.all(endings.values());
      await reader.close();
    },
  };
};
