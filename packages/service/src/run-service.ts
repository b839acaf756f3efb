import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { hostname } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { MessageInterest } from '@heavy/contracts';
import { type Broker, connectBroker } from '@heavy/messaging';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createCommandWords } from './command-words.ts';
import {
  type ConfigFault,
  ConfigInvalid,
  exitCodeConfig,
  loadServiceConfig,
  secretValues,
} from './config.ts';
import type { ConfigSchema, ServiceConfig } from './config-schema.ts';
import { type Check, createHealthChecks } from './health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { listenHttp, type Page } from './http.ts';
import { createLifecycle, type StopStep } from './lifecycle.ts';
import { createLog, createStdout } from './log.ts';
import { createLogShipper } from './log-shipper.ts';
import { createMessageInterest } from './message-interest.ts';
import { createMetrics } from './metrics.ts';
import { createRedactor } from './redaction.ts';
import { closeRedis, connectRedis } from './redis.ts';
import { trackConsumers } from './track-consumers.ts';

/** For handing the last log lines to the broker, and for its good-bye. */
const flushMs = 500;

/** What a service is given to wire itself with. */
export interface Service<S extends ConfigSchema> {
  readonly name: string;
  /** This replica, as logs and heartbeat name it. */
  readonly instance: string;
  readonly config: ServiceConfig<S>;
  readonly log: Logger;
  readonly redis: Redis;
  readonly broker: Broker;
  /** Add the service's own metrics to it. */
  readonly metrics: Registry;
  /** Aborts when the service begins to stop, before the messages in hand are done with. */
  readonly stopping: AbortSignal;
  /** Runs at shutdown after all messages in hand are done with, in reverse order. */
  onStop(step: StopStep): void;
  /** Adds a part to /health and /ready. */
  check(name: string, check: Check): void;
  /** Adds a page of JSON to those that the service has over HTTP. */
  get(path: string, page: Page): void;
  /** Makes command words this service's, durably; all of them in one call. */
  registerCommands(words: readonly string[]): Promise<void>;
  /** Has the gateway publish all messages, or the account's own, as `events.telegram.message`, durably. */
  registerMessages(interest: MessageInterest): Promise<void>;
}

/** By its shape: packages that know settings of their own do not know this one. */
const faultsOf = (error: unknown): readonly ConfigFault[] | null => {
  if (error instanceof ConfigInvalid) return error.faults;
  const isAlike = error instanceof Error && error.name === 'ConfigInvalid' && 'faults' in error;
  return isAlike && Array.isArray(error.faults) ? error.faults : null;
};

const tell = (service: string, faults: readonly ConfigFault[]): void => {
  for (const { name, message } of faults) process.stderr.write(`${service}: ${name}: ${message}\n`);
};

const configOrExit = <S extends ConfigSchema>(
  name: string,
  schema: S,
  examine: (config: ServiceConfig<S>) => unknown,
): ServiceConfig<S> => {
  try {
    const config = loadServiceConfig(schema);
    examine(config);
    return config;
  } catch (error) {
    const faults = faultsOf(error);
    if (!faults) throw error;
    tell(name, faults);
    process.exit(exitCodeConfig);
  }
};

/** The version in the package.json above the script that was started. */
const ownVersion = (): string => {
  const path = findPackageJSON(pathToFileURL(process.argv[1] ?? ''));
  if (path === undefined) return 'unknown';
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
};

/**
 * Runs a service from its configuration to its end: reads the environment, listens over HTTP, connects RabbitMQ and Redis,
 * calls `wire`, and stops in order on SIGTERM, SIGINT or an error that nobody caught. Resolves when the service is ready.
 *
 * `examine` sees the configuration before anything else happens, and throws ConfigInvalid for what no schema can tell; so may
 * `wire`.
 *
 * Exit codes: 0 after an orderly stop, 1 after an error, a second signal or the end of the grace period, 78 where the
 * configuration is at fault.
 */
export const runService = async <S extends ConfigSchema>(
  name: string,
  schema: S,
  wire: (service: Service<S>) => Promise<void> | void,
  examine: (config: ServiceConfig<S>) => unknown = () => undefined,
): Promise<void> => {
  const config = configOrExit(name, schema, examine);
  const instance = config.INSTANCE ?? `${hostname()}-${process.pid}`;
  const metrics = createMetrics(name, instance);
  const stdout = createStdout(() => metrics.logDropped('stdout'));
  const shipper = createLogShipper({
    service: name,
    onDrop: () => metrics.logDropped('exchange'),
    onRecovered: (dropped) => log.warn({ dropped }, 'log lines were dropped while the broker was away'),
  });
  const redactor = createRedactor(secretValues(schema, config));
  const log = createLog({
    service: name,
    instance,
    level: config.LOG_LEVEL,
    redactor,
    write: (level, line) => {
      stdout.write(level, line);
      shipper.ship(level, line);
    },
  });
  const lifecycle = createLifecycle({
    log,
    graceMs: config.SHUTDOWN_GRACE_MS,
    flush: async () => {
      await shipper.drain(flushMs);
      await connected?.close({ graceMs: flushMs });
      await stdout.flush();
    },
    exit: (code) => process.exit(code),
  });
  lifecycle.listen();
  let connected: Broker | undefined;

  try {
    const health = createHealthChecks();
    const http = await listenHttp({
      service: name,
      instance,
      host: config.HTTP_HOST,
      port: config.HTTP_PORT,
      health,
      metrics: metrics.registry,
      phase: () => lifecycle.phase,
      redactor,
    });
    lifecycle.onStop('http', http.close);
    log.info({ host: config.HTTP_HOST, port: http.port }, 'http listening');

    const redis = connectRedis(config.REDIS_URL, `${name}@${instance}`, log);
    lifecycle.onStop('redis', () => closeRedis(redis));
    health.add('redis', async () => ({ ok: redis.status === 'ready' && (await redis.ping()) === 'PONG' }), {
      essential: true,
    });
    const words = createCommandWords(redis, name);
    const messages = createMessageInterest(redis, name);
    const heartbeat = startHeartbeat({
      redis,
      service: name,
      instance,
      version: ownVersion(),
      log,
      onBeat: () => Promise.all([words.repeat(), messages.repeat()]),
    });
    lifecycle.onStop('heartbeat', heartbeat.stop);

    const consumers = trackConsumers();
    health.add('rabbitmq', () => consumers.check(connected), { essential: true });
    lifecycle.drainWith(consumers.drain);
    const giveUp = new AbortController();
    lifecycle.onStop('connecting', () => giveUp.abort());
    connected = await connectBroker({
      url: config.RABBITMQ_URL,
      service: name,
      log,
      redis,
      retryDelaysMs: config.RETRY_DELAYS_MS,
      metrics: metrics.messaging,
      signal: giveUp.signal,
    });
    shipper.attach(connected);

    await wire({
      name,
      instance,
      config,
      log,
      redis,
      broker: consumers.track(connected),
      metrics: metrics.registry,
      stopping: lifecycle.stopping,
      onStop: (step) => lifecycle.onStop('onStop', step),
      check: (label, check) => health.add(label, check),
      get: http.get,
      registerCommands: words.register,
      registerMessages: messages.register,
    });
    lifecycle.running();
    log.info('ready');
  } catch (err) {
    // A start that a signal interrupts fails for that reason.
    if (lifecycle.phase === 'draining') return log.warn({ err }, 'start interrupted');
    const faults = faultsOf(err);
    if (faults) {
      tell(name, faults);
      return lifecycle.stop('the configuration is at fault', exitCodeConfig);
    }
    log.fatal({ err }, 'could not start');
    lifecycle.stop('failed start', 1);
  }
};
