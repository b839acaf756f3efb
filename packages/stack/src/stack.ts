import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LocalTelegram,
  startLocalTelegram,
  type World,
  type WorldChat,
  type WorldUser,
} from '@heavy/local-telegram';
import { Client } from 'minio';
import { type RabbitMq, startRabbitMq } from './rabbitmq.ts';
import { type RedisServer, startRedis } from './redis.ts';
import { type S3Server, startS3 } from './s3.ts';
import { serviceEnv } from './service-env.ts';
import { type ServiceProcess, serviceNames, startServices } from './services.ts';
import { type MediaSite, startMediaSite } from './site/media-site.ts';
import { createStarted, type Started } from './started.ts';
import { ensureTools, type Tools } from './tools/ensure-tools.ts';
import { ensureS3 } from './tools/s3-program.ts';

export interface StackOptions {
  /** An absolute folder: `logs.db` and `logs/` stay in it, all else goes with the stack. */
  dir: string;
  /** Further variables by service; they win over the stack's own. */
  serviceEnv?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Which services run; all of them by default. */
  services?: readonly string[];
  /** Where media are kept; a directory by default. */
  store?: 'directory' | 's3';
  /** Told of each step in one plain line. */
  say?: (line: string) => void;
  /** Breaks the start off; whatever has been started is stopped. A running stack is not touched. */
  signal?: AbortSignal;
}

/** The whole system on this machine, on private servers and a local Telegram. */
export interface Stack {
  readonly rabbitmq: RabbitMq;
  readonly redis: RedisServer;
  /** Undefined where the store is a directory. */
  readonly s3: S3Server | undefined;
  readonly telegram: LocalTelegram;
  readonly world: World;
  /** The user whose account the services use. */
  readonly account: WorldUser;
  /** alice (an admin), bob and carol. */
  readonly users: WorldUser[];
  /** The basic group Film club, and the supergroup Cinema with the topics General and Trailers. */
  readonly chats: WorldChat[];
  readonly site: MediaSite;
  readonly tools: Tools;
  readonly services: readonly ServiceProcess[];
  /** @throws {Error} where no service of that name runs. */
  service(name: string): ServiceProcess;
  /** The environment that a service was started with. */
  env(service: string): Readonly<Record<string, string>>;
  /** Stops the gateway, then the other services, then the servers. Once. */
  stop(): Promise<void>;
}

/** A folder for this process; those of processes that are gone are removed. */
const ownFolder = (dir: string): string => {
  mkdirSync(dir, { recursive: true });
  for (const name of readdirSync(dir)) {
    const pid = Number(/^run-(\d+)$/u.exec(name)?.[1]);
    if (pid > 0 && pid !== process.pid && !isRunning(pid))
      rmSync(join(dir, name), { recursive: true, force: true });
  }
  const folder = join(dir, `run-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const startTelegram = async (started: Started, folder: string) => {
  const telegram = await started.add(startLocalTelegram({ spoolDir: folder }), (running) => running.close());
  const { world } = telegram;
  const account = world.addUser('heavy');
  const users = ['alice', 'bob', 'carol'].map((name) => world.addUser(name));
  const members = [...users, account];
  const chats = [
    world.addGroup('Film club', { members }),
    world.addSupergroup('Cinema', { members, topics: ['General', 'Trailers'] }),
  ];
  const keyFile = join(folder, 'telegram-key.pem');
  writeFileSync(keyFile, telegram.endpoint.publicKeyPem);
  const session = () => ({
    TELEGRAM_API_ID: '1',
    TELEGRAM_API_HASH: 'local',
    TELEGRAM_SESSION: world.mintSession(account),
    TELEGRAM_ENDPOINT: `${telegram.endpoint.host}:${telegram.endpoint.port}`,
    TELEGRAM_ENDPOINT_KEY_FILE: keyFile,
  });
  return { telegram, world, account, users, chats, env: { gateway: session(), sender: session() } };
};

const startS3Store = async (started: Started, dir: string, say: (line: string) => void) => {
  const program = await ensureS3({ say });
  if (!program)
    throw new Error('No S3 server can be had here: put minio on PATH, start Docker, or install Go.');
  const s3 = await started.add(startS3({ dir, s3: program }), (server) => server.stop());
  const { hostname, port } = new URL(s3.endpoint);
  const { accessKey, secretKey } = s3;
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
  await client.makeBucket('media');
  const env = {
    MEDIA_STORE: 's3://media',
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
  };
  return { s3, env };
};

/**
 * Starts everything and resolves when all services are ready.
 * @throws {ToolsMissing} where a tool is missing and cannot be installed; {Error} with the last log lines of what does not
 * start; the signal's reason. In each case nothing is left running.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { dir, say = () => {}, signal } = options;
  const started = createStarted();
  try {
    const folder = ownFolder(dir);
    await started.add(folder, async () => rmSync(folder, { recursive: true, force: true }));
    const tools = await ensureTools({ say, signal });
    say('Starting RabbitMQ, Redis, a local Telegram and the sample media site…');
    const stop = (server: { stop(): Promise<void> }) => server.stop();
    const [rabbitmq, redis, telegram, site, store] = await Promise.all([
      started.add(startRabbitMq({ dir: join(folder, 'rabbitmq'), program: tools.rabbitMq }), stop),
      started.add(startRedis({ dir: join(folder, 'redis'), program: tools.redis }), stop),
      startTelegram(started, folder),
      started.add(startMediaSite({ ffmpeg: tools.ffmpeg, say, signal }), stop),
      options.store === 's3'
        ? startS3Store(started, join(folder, 's3'), say)
        : { s3: undefined, env: { MEDIA_STORE: `file://${join(folder, 'media')}` } },
    ]);
    signal?.throwIfAborted();
    const workDir = join(folder, 'work');
    for (const path of [workDir, join(folder, 'media')]) mkdirSync(path, { recursive: true });
    const parts = {
      rabbitMqUrl: rabbitmq.url,
      redisUrl: redis.url,
      tools,
      store: store.env,
      telegram: telegram.env,
      adminIds: String(telegram.users[0]?.id ?? ''),
      openTo: 'everyone',
      workDir,
      logsDb: join(dir, 'logs.db'),
      logLevel: 'info',
    };
    const names = options.services ?? serviceNames();
    say(`Starting ${names.join(', ')}…`);
    const services = await startServices(started, {
      names,
      envOf: (name) => ({ ...serviceEnv(name, parts), ...options.serviceEnv?.[name] }),
      logDir: join(dir, 'logs'),
      signal,
    });
    signal?.throwIfAborted();
    const service = (name: string): ServiceProcess => {
      const found = services.find((one) => one.name === name);
      if (!found)
        throw new Error(`No service ${name} runs, but ${services.map((one) => one.name).join(', ')}.`);
      return found;
    };
    const { world, account, users, chats } = telegram;
    return {
      ...{ rabbitmq, redis, s3: store.s3, telegram: telegram.telegram, world, account, users, chats },
      ...{ site, tools, services, service },
      env: (name) => service(name).env,
      stop: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
};
