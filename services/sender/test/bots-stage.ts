import { randomBytes } from 'node:crypto';
import { type BotLogEntry, botStreams, redisKeys } from '@heavy/contracts';
import {
  type BotApi,
  type BotApiOptions,
  type LocalTelegram,
  startBotApi,
  startLocalTelegram,
  type WorldUser,
} from '@heavy/local-telegram';
import { type Logger, loadConfig } from '@heavy/service';
import { newSessionKey } from '@heavy/telegram';
import { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { Type } from 'typebox';
import { afterEach, beforeEach, expect, inject, vi } from 'vitest';
import type { OnBotOutcome } from '../src/bots/outcome.ts';
import { botsSettings } from '../src/bots/settings.ts';
import { type Bots, startBots } from '../src/bots/start-bots.ts';

const database = 13;
/** Its keys in Redis have names that are fixed: so a database for itself. */
export const redisUrl = (): string => {
  const url = new URL(inject('redis').url);
  url.pathname = `/${database}`;
  return url.href;
};

export const streams = botStreams('stream:tg_bot');

/** A token of the shape that real ones have. */
const newToken = (id: number): string => `${id}:${randomBytes(26).toString('base64url').slice(0, 35)}`;

/** A log that keeps its lines. */
const createLog = () => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...args: unknown[]): void => {
      const shown = args.map((one) =>
        JSON.stringify(one, (_key, value: unknown) =>
          value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
        ),
      );
      lines.push(`${level} ${shown.join(' ')}`);
    };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, log: log as Partial<Logger> as Logger };
};

export interface Stage {
  dc: LocalTelegram;
  botApi: BotApi;
  redis: Redis;
  sessionKey: string;
  lines: string[];
  /** A replica in this process. */
  start(given?: {
    instance?: string;
    env?: Record<string, string | undefined>;
    onOutcome?: OnBotOutcome;
    metrics?: Registry;
    /** Its connection, in place of one that is made for it. */
    redis?: Redis;
  }): Promise<Bots>;
  /** The environment of a replica. */
  env(more?: Record<string, string | undefined>): Record<string, string>;
  /** A Bot API server in place of the one that was closed. */
  restartBotApi(port: number): Promise<void>;
  addBot(name: string): WorldUser;
  /** A user who has started the bots. */
  addUser(name: string, ...bots: WorldUser[]): WorldUser;
  xadd(stream: string, type: string, data: unknown): Promise<string>;
  /** Has the bot added, and waits until it is served. */
  register(bot: WorldUser, isSentLogs?: boolean): Promise<void>;
  send(
    bot: WorldUser,
    chatId: number | string,
    text: string,
    more?: object,
    stream?: 'regular' | 'broadcast',
  ): Promise<string>;
  logs(bot: WorldUser): Promise<BotLogEntry[]>;
  dead(bot: WorldUser): Promise<Record<string, string>[]>;
  /** Texts that the bot has posted in the chat with that user. */
  texts(bot: WorldUser, user: WorldUser): string[];
  /** Until the bot's streams are empty. */
  drained(bot: WorldUser, timeoutMs?: number): Promise<void>;
}

const record = (flat: string[]): Record<string, string> =>
  Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])));

/** A world with a Bot API server, Redis to itself, and replicas that end with the test. */
export const botsStage = (options: BotApiOptions = {}): Stage => {
  const running: Bots[] = [];
  const stage = {} as Stage;
  let connections: Redis[] = [];

  const connect = (): Redis => {
    const redis = new Redis(redisUrl(), { maxRetriesPerRequest: null });
    connections.push(redis);
    return redis;
  };
  beforeEach(async () => {
    stage.dc = await startLocalTelegram();
    stage.botApi = await startBotApi(stage.dc.world, options);
    stage.redis = connect();
    stage.sessionKey = newSessionKey();
    await stage.redis.flushdb();
    const { lines, log } = createLog();
    stage.lines = lines;
    stage.start = async ({ instance = 'one', env = {}, redis = connect(), ...options } = {}) => {
      const config = loadConfig(Type.Object(botsSettings), stage.env(env));
      if (!connections.includes(redis)) connections.push(redis);
      const bots = await startBots({
        ...{ config, redis, instance, log },
        ...options,
      });
      running.push(bots);
      return bots;
    };
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((bots) => bots.close()));
    for (const redis of connections) redis.disconnect();
    connections = [];
    await stage.dc.close();
  });

  stage.restartBotApi = async (port) => {
    stage.botApi = await startBotApi(stage.dc.world, { ...options, port });
  };
  stage.env = (more = {}) => {
    const all = {
      ...{ BOT_API_ROOT: stage.botApi.url, BOTS_LEASE_MS: '6000', HEAVY_SESSION_KEY: stage.sessionKey },
      ...more,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  };
  stage.addBot = (name) => {
    const id = 1_000_000 + Math.floor(Math.random() * 1_000_000_000);
    return stage.dc.world.addUser(name, { bot: true, id, botToken: newToken(id) });
  };
  stage.addUser = (name, ...bots) => {
    const user = stage.dc.world.addUser(name);
    for (const bot of bots) user.starts(bot);
    return user;
  };
  stage.xadd = async (stream, type, data) => {
    const id = await stage.redis.xadd(
      ...([
        stream,
        '*',
        'type',
        type,
        'data',
        typeof data === 'string' ? data : JSON.stringify(data),
      ] as const),
    );
    return id ?? expect.fail('no id');
  };
  stage.register = async ({ id, botToken }, isSentLogs = true) => {
    await stage.xadd(streams.control, 'add_bot', { bot_id: id, token: botToken, is_sent_logs: isSentLogs });
    await vi.waitFor(async () => expect(await stage.redis.exists(redisKeys.bots.status(id))).toBe(1));
  };
  stage.send = (bot, chat_id, text, more = {}, stream = 'regular') =>
    stage.xadd(streams[stream](bot.id), 'send_msg', { bot_id: bot.id, chat_id, text, ...more });
  stage.logs = async ({ id }) => {
    const rows = await stage.redis.xrange(streams.logs(id), '-', '+');
    return rows.map(([, flat]) => JSON.parse(record(flat)['data'] ?? 'null') as BotLogEntry);
  };
  stage.dead = async ({ id }) => {
    const rows = await stage.redis.xrange(streams.dead(id), '-', '+');
    return rows.map(([, flat]) => record(flat));
  };
  stage.texts = (bot, user) =>
    stage.dc.world
      .privateChat(bot, user)
      .messages()
      .map(({ text }) => text);
  stage.drained = (bot, timeoutMs = 20_000) =>
    vi.waitFor(
      async () => {
        const lengths = [streams.regular(bot.id), streams.broadcast(bot.id)].map((one) =>
          stage.redis.xlen(one),
        );
        expect(await Promise.all(lengths)).toEqual([0, 0]);
      },
      { timeout: timeoutMs, interval: 50 },
    );
  return stage;
};
