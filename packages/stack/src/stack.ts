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
import { isRunning } from './running.ts';
import { type S3Server, startS3 } from './s3.ts';
import { serviceEnv } from './service-env.ts';
import { replicasOf, type ServiceProcess, serviceNames, startServices } from './services.ts';
import { type Canary, startCanary } from './site/canary.ts';
import { type MediaSite, startMediaSite } from './site/media-site.ts';
import type { SampleFilesOptions } from './site/sample-files.ts';
import { createStarted, type Started } from './started.ts';
import { ensureTools, type Tools } from './tools/ensure-tools.ts';
import { ensureS3 } from './tools/s3-program.ts';

export interface StackOptions {
  /** An absolute folder: `logs.db` and `logs/` stay in it, all else goes with the stack. */
  dir: string;
  /**
   * Further variables by service, for all its replicas, and by replica (`media-pirate-2`); the latter win, and both win over the
   * stack's own. An empty one is as if it were not set: without `RATE_LIMIT_BLESSED` and `RATE_LIMIT_UNMOLESTED` people type without
   * end.
   */
  serviceEnv?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Which services run; all of them by default. */
  services?: readonly string[];
  /** How many processes of a service run, where that is not one: `{ 'media-pirate': 4 }`. */
  replicas?: Readonly<Record<string, number>>;
  /** Where media are kept; a directory by default. */
  store?: 'directory' | 's3';
  /** Told of each step in one plain line. */
  say?: (line: string) => void;
  /** Breaks the start off; whatever has been started is stopped. A running stack is not touched. */
  signal?: AbortSignal;
}

/** Beyond what anybody types: tests and benches are not about the limits. */
const endless = { RATE_LIMIT_BLESSED: '1000000', RATE_LIMIT_UNMOLESTED: '1000000' };

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
  /** Downloads may reach the site, and never this. */
  readonly canary: Canary;
  readonly tools: Tools;
  readonly services: readonly ServiceProcess[];
  /**
   * A service's only or first process; further replicas are `media-pirate-2`, and so on.
   * @throws {Error} where none of that name runs.
   */
  service(name: string): ServiceProcess;
  /** The environment that a process was started with. */
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

const startSites = async (started: Started, options: SampleFilesOptions) => {
  const canary = await started.add(startCanary(options), (server) => server.stop());
  const starting = startMediaSite({ ...options, canaryUrl: canary.url });
  const site = await started.add(starting, (server) => server.stop());
  return { canary, site };
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
  const replicas = replicasOf(options.services ?? serviceNames(), options.replicas);
  const started = createStarted();
  try {
    const folder = ownFolder(dir);
    await started.add(folder, async () => rmSync(folder, { recursive: true, force: true }));
    const tools = await ensureTools({ say, signal });
    say('Starting RabbitMQ, Redis, a local Telegram and the sample media site…');
    const stop = (server: { stop(): Promise<void> }) => server.stop();
    const [rabbitmq, redis, telegram, { canary, site }, store] = await Promise.all([
      started.add(startRabbitMq({ dir: join(folder, 'rabbitmq'), program: tools.rabbitMq }), stop),
      started.add(startRedis({ dir: join(folder, 'redis'), program: tools.redis }), stop),
      startTelegram(started, folder),
      startSites(started, { ffmpeg: tools.ffmpeg, say, signal }),
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
      egressAllowHosts: `127.0.0.1:${site.port}`,
      logsDb: join(dir, 'logs.db'),
      logLevel: 'info',
    };
    say(`Starting ${replicas.map(({ name }) => name).join(', ')}…`);
    const services = await startServices(started, {
      replicas,
      envOf: ({ service, name }) => ({
        ...{ ...serviceEnv(service, parts), INSTANCE: name, ...(service === 'gateway' ? endless : {}) },
        ...{ ...options.serviceEnv?.[service], ...options.serviceEnv?.[name] },
      }),
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
      ...{ site, canary, tools, services, service },
      env: (name) => service(name).env,
      stop: () => started.stop(),
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
};
