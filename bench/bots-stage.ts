import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { botStreams, redisKeys } from '@heavy/contracts';
import {
  type BotApi,
  type LocalTelegram,
  startBotApi,
  startLocalTelegram,
  type WorldUser,
} from '@heavy/local-telegram';
import { type ProcessGroup, spawnGroup } from '@heavy/process';
import { rootDir, startRabbitMq, startRedis } from '@heavy/stack';
import { Redis } from 'ioredis';

/** What a call to the Bot API takes besides its own work, as over the internet. */
export const tripMs = 50;
/** Above the service's own grace period. */
const graceMs = 25_000;
const patienceMs = 120_000;

/** A message for a bot's stream. */
export interface Draft {
  bot: WorldUser;
  chatId: number;
  text: string;
  stream: 'regular' | 'broadcast';
}

/** Bots, a Bot API server with the documented limits, and as many senders as wanted, each a process of the real service. */
export interface BotsStage {
  readonly dc: LocalTelegram;
  readonly botApi: BotApi;
  readonly redis: Redis;
  /** By the name that leases have them under. */
  readonly senders: ReadonlyMap<string, ProcessGroup>;
  /** Makes bots, and resolves when all of them are served. */
  addBots(count: number): Promise<WorldUser[]>;
  /** Puts messages into their streams, in this order. */
  put(drafts: readonly Draft[]): Promise<void>;
  /** Which sender has a bot, or the control stream; null where nobody has. */
  holders(subjects: readonly (number | 'control')[]): Promise<(string | null)[]>;
  /** How many messages wait in these bots' streams. */
  waiting(bots: readonly WorldUser[]): Promise<number>;
}

export const streams = botStreams('stream:tg_bot');

/** Looks until there is what is looked for. */
export const until = async (what: string, isSo: () => Promise<boolean>, timeoutMs = patienceMs) => {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`In vain waited for ${timeoutMs / 1000} s: ${what}.`);
    await delay(50);
  }
};

/** In a group of its own, which ends with this process, however that ends. */
const spawnSender = (instance: string, dir: string, env: Record<string, string>): ProcessGroup => {
  const main = join(rootDir, 'services', 'sender', 'src', 'main.ts');
  const log = openSync(join(dir, `${instance}.log`), 'a');
  // With the space for new objects that services are started with elsewhere.
  const group = spawnGroup(process.execPath, ['--max-semi-space-size=4', main], {
    cwd: rootDir,
    env: { ...env, INSTANCE: instance },
    stdio: ['ignore', log, log],
    killGraceMs: graceMs,
  });
  closeSync(log);
  return group;
};

/** What has been started is ended, whatever comes of `run`. */
export const withBots = async <T>(senders: number, run: (stage: BotsStage) => Promise<T>): Promise<T> => {
  const ends: (() => unknown)[] = [];
  try {
    const dir = await mkdtemp(join(tmpdir(), 'heavy-bench-'));
    ends.push(() => rm(dir, { recursive: true, force: true }));
    const redisServer = await startRedis({ dir: join(dir, 'redis') });
    ends.push(() => redisServer.stop());
    const rabbitmq = await startRabbitMq({ dir: join(dir, 'rabbitmq') });
    ends.push(() => rabbitmq.stop());
    const dc = await startLocalTelegram({ spoolDir: dir });
    ends.push(() => dc.close());
    const botApi = await startBotApi(dc.world);
    botApi.faults.latencyMs = tripMs;
    const redis = new Redis(redisServer.url, { maxRetriesPerRequest: null });
    ends.push(() => redis.disconnect());
    const env = {
      ...{ BOTS: 'true', BOT_API_ROOT: botApi.url, HEAVY_SESSION_KEY: randomBytes(32).toString('base64') },
      ...{ RABBITMQ_URL: rabbitmq.url, REDIS_URL: redisServer.url, LOG_LEVEL: 'info' },
    };
    const names = Array.from({ length: senders }, (_, index) => `sender-${index + 1}`);
    const running = new Map(names.map((name) => [name, spawnSender(name, dir, env)]));
    ends.push(() => Promise.all([...running.values()].map((group) => group.end())));
    await until('the senders are up', async () => {
      for (const [name, { child }] of running)
        if (child.exitCode !== null)
          throw new Error(`${name} ended at its start.\n${await readFile(join(dir, `${name}.log`), 'utf8')}`);
      return (await redis.zcard(redisKeys.bots.replicas)) === senders;
    });
    return await run(stageOf({ dc, botApi, redis, senders: running }));
  } finally {
    for (const end of ends.reverse()) await end();
  }
};

const stageOf = (parts: Pick<BotsStage, 'dc' | 'botApi' | 'redis' | 'senders'>): BotsStage => {
  const { dc, redis } = parts;
  const holders: BotsStage['holders'] = async (subjects) => {
    const found = await redis.mget(subjects.map(redisKeys.bots.lease));
    // Behind the sender's name is a number that tells it from one of that name before it.
    return found.map((holder) => holder?.split(' ', 1)[0] ?? null);
  };
  return {
    ...{ ...parts, holders },
    addBots: async (count) => {
      const bots = Array.from({ length: count }, (_, index) => {
        const id = 1_000_000 + index;
        const botToken = `${id}:${randomBytes(30).toString('base64url').slice(0, 35)}`;
        return dc.world.addUser(`bot_${index}`, { bot: true, id, botToken });
      });
      for (const { id, botToken } of bots) {
        const data = JSON.stringify({ bot_id: id, token: botToken, is_sent_logs: true });
        await redis.xadd(streams.control, '*', 'type', 'add_bot', 'data', data);
      }
      const isServed = ({ id }: WorldUser) => redisKeys.bots.status(id);
      await until('all bots are served', async () => (await redis.exists(bots.map(isServed))) === count);
      return bots;
    },
    put: async (drafts) => {
      for (let first = 0; first < drafts.length; first += 1000) {
        const pipeline = redis.pipeline();
        for (const { bot, chatId, text, stream } of drafts.slice(first, first + 1000)) {
          const data = JSON.stringify({ bot_id: bot.id, chat_id: chatId, text });
          pipeline.xadd(streams[stream](bot.id), '*', 'type', 'send_msg', 'data', data);
        }
        await pipeline.exec();
      }
    },
    waiting: async (bots) => {
      const names = bots.flatMap(({ id }) => [streams.regular(id), streams.broadcast(id)]);
      const lengths = await Promise.all(names.map((name) => redis.xlen(name)));
      return lengths.reduce((sum, length) => sum + length, 0);
    },
  };
};
