import { randomInt } from 'node:crypto';
import { type BotLogEntry, type BotStreams, botStreamGroup, botStreams, redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { newSessionKey, parseSessionKey } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { type Broadcasts, createBroadcasts } from '../src/bots/broadcasts/broadcasts.ts';
import { type AppOptions, createApp } from '../src/http/app.ts';

export const apiKey = 'the-right-key-of-thirty-two-characters';
export const sessionKey = parseSessionKey(newSessionKey());
export const streams: BotStreams = botStreams('stream:tg_bot');

/** What was written to a log, line by line. */
export const createLines = () => {
  const lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  const log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  } as unknown as Logger;
  return { lines, log };
};

/** Redis, as a connection to an empty database of the tests' server. */
export const emptyRedis = async (url: string, db: number): Promise<Redis> => {
  const redis = new Redis(url, { db });
  await redis.flushdb();
  return redis;
};

/** Broadcasts and the API over them, listening. */
export const startApi = async (redis: Redis, options: Partial<AppOptions> & { ahead?: number } = {}) => {
  const { lines, log } = createLines();
  const config = { BOTS_BROADCAST_AHEAD: options.ahead ?? 50, BOTS_BROADCAST_KEEP_DAYS: 7 };
  const broadcasts: Broadcasts = createBroadcasts({ config, redis, streams, log });
  const app = await createApp({
    ...{ redis, streams, broadcasts, sessionKey, log, keys: [apiKey] },
    ...{ requestsPerMinute: 100_000, failuresPerMinute: 100_000, bodyLimitBytes: 1_048_576 },
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    ...{ app, url, lines, broadcasts },
    /** With the key, and a body as JSON where there is one. */
    ask: async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about.
        body: (text === '' ? undefined : JSON.parse(text)) as any,
      };
    },
    close: async () => {
      await app.close();
      await broadcasts.close();
    },
  };
};
export type RunningApi = Awaited<ReturnType<typeof startApi>>;

/** A bot that is in the registry, as the runtime leaves it there. */
export const addBot = async (redis: Redis, botId = randomInt(1, 2 ** 47)): Promise<number> => {
  await redis.hset(redisKeys.bots.registry, `${botId}`, '{}');
  return botId;
};

/** What the runtime of bots does to a stream, without Telegram: reads, tells the outcome, acknowledges and deletes. */
export const createServer = async (redis: Redis, botId: number, stream: 'regular' | 'broadcast') => {
  const name = streams[stream](botId);
  await redis.xgroup('CREATE', name, botStreamGroup, '0', 'MKSTREAM').catch(() => undefined);
  let lastMessage = 1000;
  const parse = (id: string, list: string[]) => {
    const fields: Record<string, string> = {};
    for (let index = 0; index < list.length; index += 2) fields[list[index] ?? ''] = list[index + 1] ?? '';
    return {
      entryId: id,
      fields,
      data: JSON.parse(fields['data'] ?? '{}') as { chat_id: number; text?: string },
    };
  };
  const take = async (count: number) => {
    const answer = (await redis.xreadgroup(
      ...(['GROUP', botStreamGroup, 'test', 'COUNT', count, 'STREAMS', name, '>'] as const),
    )) as [string, [string, string[]][]][] | null;
    return (answer?.[0]?.[1] ?? []).map(([id, list]) => parse(id, list));
  };
  const settle = async (
    broadcasts: Broadcasts,
    { entryId, fields, data }: Awaited<ReturnType<typeof take>>[number],
    how: { ending?: 'failed' | 'ambiguous'; details?: string } = {},
  ) => {
    lastMessage += 1;
    const entry: BotLogEntry = {
      ...{ type: fields['type'] ?? '', bot_id: botId, chat_id: data.chat_id },
      ...(how.ending === undefined
        ? { status: 1 as const, sent_msg_id: lastMessage }
        : { status: 0 as const, details: how.details ?? '' }),
    };
    await broadcasts.record({ botId, stream, entryId, fields, entry, ending: how.ending ?? 'sent' });
    await redis.multi().xack(name, botStreamGroup, entryId).xdel(name, entryId).exec();
  };
  return {
    take,
    settle,
    length: () => redis.xlen(name),
    /** Takes at least one entry, once there is one. */
    takeSome: (count: number) =>
      vi.waitFor(async () => {
        const taken = await take(count);
        if (taken.length === 0) throw new Error('nothing there');
        return taken;
      }),
  };
};
export type TestServer = Awaited<ReturnType<typeof createServer>>;
