/**
 * `npm start`: the whole system on this machine, on real Telegram, until Ctrl-C. `--dir FOLDER` names another folder than
 * the repository for `.env` and `.heavy/data`: one for each account.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { surroundings } from './config.ts';
import { readStartSettings, SettingsMissing, type StartSettings } from './env-file.ts';
import { interruption } from './interruption.ts';
import { operatorSettings } from './operator-settings.ts';
import { rootDir } from './paths.ts';
import { startRabbitMq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';
import { announce } from './running.ts';
import { serviceEnv } from './service-env.ts';
import { type Replica, replicasOf, serviceNames, startServices, whatFails } from './services.ts';
import { createStarted } from './started.ts';
import { ensureTools, type SystemToolName, ToolsMissing } from './tools/ensure-tools.ts';
import { tryHold } from './tools/install-lock.ts';
import { CanariesInvalid } from './tools/yt-dlp-canaries.ts';
import { checkSessions, SessionsAtFault } from './two-sessions.ts';

/** Telegram may be away for longer than somebody looks at a screen where nothing moves. */
const patienceMs = 15_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

const storeOf = (all: Readonly<Record<string, string>>, dir: string): Record<string, string> => {
  const store: Record<string, string> = { MEDIA_STORE: `file://${join(dir, 'media')}` };
  for (const name of ['MEDIA_STORE', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'])
    if (all[name] !== undefined) store[name] = all[name];
  return store;
};

const run = async (settings: StartSettings, dir: string, signal: AbortSignal): Promise<void> => {
  const { all } = settings;
  const started = createStarted();
  try {
    const without: SystemToolName[] = [];
    if (all['RABBITMQ_URL']) without.push('rabbitMq');
    if (all['REDIS_URL']) without.push('redis');
    const tools = await ensureTools({ say, signal, without, canaryFile: all['YTDLP_CANARY_FILE'] });
    const stop = (server: { stop(): Promise<void> }) => server.stop();
    if (without.length < 2) say('Starting RabbitMQ and Redis…');
    const [rabbitMqUrl, redisUrl] = await Promise.all([
      all['RABBITMQ_URL'] ??
        started
          .add(startRabbitMq({ dir: join(dir, 'rabbitmq'), program: tools.rabbitMq }), stop)
          .then(({ url }) => url),
      all['REDIS_URL'] ??
        started
          .add(startRedis({ dir: join(dir, 'redis'), program: tools.redis }), stop)
          .then(({ url }) => url),
    ]);
    signal.throwIfAborted();
    const workDir = join(dir, 'work');
    mkdirSync(workDir, { recursive: true });
    const endpoint = ['TELEGRAM_ENDPOINT', 'TELEGRAM_ENDPOINT_KEY', 'TELEGRAM_ENDPOINT_KEY_FILE'] as const;
    const api = {
      ...{ TELEGRAM_API_ID: settings.apiId, TELEGRAM_API_HASH: settings.apiHash },
      // A data centre other than Telegram's own.
      ...Object.fromEntries(endpoint.flatMap((name) => (all[name] ? [[name, all[name]]] : []))),
    };
    const parts = {
      ...{ rabbitMqUrl, redisUrl, tools, workDir },
      store: storeOf(all, dir),
      telegram: {
        gateway: { ...api, TELEGRAM_SESSION: settings.gatewaySession },
        sender: { ...api, TELEGRAM_SESSION: settings.senderSession },
      },
      adminIds: all['ADMIN_IDS'] ?? '',
      openTo: all['OPEN_TO'] ?? 'nobody',
      logsDb: join(dir, 'logs.db'),
      logLevel: all['LOG_LEVEL'] ?? 'info',
    };
    const replicas = replicasOf(serviceNames());
    say(`Starting ${replicas.map(({ name }) => name).join(', ')}…`);
    const settingsOf = new Map<string, Record<string, string>>();
    for (const name of serviceNames()) settingsOf.set(name, await operatorSettings(name, all));
    const envOf = ({ service }: Replica) => ({ ...serviceEnv(service, parts), ...settingsOf.get(service) });
    const logDir = join(dir, 'logs');
    const services = await startServices(started, { replicas, envOf, logDir, patienceMs, signal });
    const faults: string[] = [];
    for (const service of services) {
      say(`  ${service.name.padEnd(14)} ${service.url}/health`);
      const fault = await whatFails(service);
      if (fault !== null) faults.push(`  ${service.name}: ${fault}`);
    }
    await started.add(announce(dir, serviceEnv('media-pirate', parts)), async (withdraw) => withdraw());
    say(
      faults.length > 0
        ? `Not everything works yet; what can be is tried again, and /health tells how it goes:\n${faults.join('\n')}`
        : 'Ready. Write .vdl and a link in any chat of the account. Ctrl-C ends it; npm run logs -- --follow shows what it does.',
    );
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    say('Stopping…');
  } finally {
    await started.stop();
  }
};

const signal = interruption();

try {
  const { values: options } = parseArgs({ options: { dir: { type: 'string' } } });
  const folder = resolve(options.dir ?? rootDir);
  const settings = readStartSettings(folder, surroundings().inherited);
  checkSessions(settings);
  const dir = join(folder, '.heavy', 'data');
  const release = tryHold(dir, 'start');
  // Two on one folder would also be two on one session, which Telegram answers by revoking it.
  if (!release) throw new AlreadyRunning('npm start is running already in this folder.');
  await run(settings, dir, signal);
  release();
} catch (error) {
  if (!signal.aborted) {
    const plain = [SettingsMissing, SessionsAtFault, ToolsMissing, AlreadyRunning, CanariesInvalid].some(
      (type) => error instanceof type,
    );
    process.stderr.write(
      `${error instanceof Error ? (plain ? error.message : error.stack) : String(error)}\n`,
    );
    process.exitCode = 1;
  }
}
