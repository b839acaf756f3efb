import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, untilReady } from './child.ts';
import { freePort } from './free-ports.ts';
import { rootDir } from './paths.ts';
import { type Server, startServer } from './server.ts';
import { createStarted, type Started } from './started.ts';

/** A service of ours as a process: `node services/<service>/src/main.ts`. */
export interface ServiceProcess extends Server {
  /** The service's own; of its further replicas with a number: `media-pirate-2`. */
  readonly name: string;
  /** Of /health, /ready and /metrics. */
  readonly url: string;
  /** What it writes to standard output and standard error. */
  readonly logFile: string;
  /** Its whole environment, as it was last started with. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops it in order and starts it again, from now on with these variables changed. */
  restart(changes?: Readonly<Record<string, string>>): Promise<void>;
  /** Halts this one process (`SIGSTOP`), and none of those that it has started: they go on. */
  pause(): void;
  /** Lets it go on after `pause`; `stop` and `kill` do so too. */
  resume(): void;
}

/**
 * Node's own limit lets the space for new objects grow to some 60 MB in each service, nearly all of it garbage that waits to be
 * collected. Four are enough, and what is on its way is freed sooner.
 */
const nodeOptions: readonly string[] = ['--max-semi-space-size=4'];

const mainOf = (name: string) => join(rootDir, 'services', name, 'src', 'main.ts');

/** The names of the services that are there. */
export const serviceNames = (): string[] =>
  readdirSync(join(rootDir, 'services'))
    .filter((name) => existsSync(mainOf(name)))
    .sort();

/** One process of a service, and what it is called. */
export interface Replica {
  readonly service: string;
  readonly name: string;
}

/**
 * Which processes run: one for each service, or as many as `counts` says: `media-pirate`, `media-pirate-2`, and so on.
 * @throws {Error} for a service that is not started, and for a number that is none.
 */
export const replicasOf = (
  services: readonly string[],
  counts: Readonly<Record<string, number>> = {},
): Replica[] => {
  for (const [service, count] of Object.entries(counts)) {
    if (!services.includes(service))
      throw new Error(`There are no replicas of ${service}: it is not started.`);
    if (!Number.isInteger(count) || count < 1)
      throw new Error(`${service} cannot run ${count} times: give a whole number from 1 on.`);
  }
  return services.flatMap((service) =>
    Array.from({ length: counts[service] ?? 1 }, (_, index) => ({
      service,
      name: index === 0 ? service : `${service}-${index + 1}`,
    })),
  );
};

export interface ServiceOptions {
  /** All that it is given, but for HTTP_HOST and HTTP_PORT. */
  env: Record<string, string>;
  /** An absolute folder. */
  logDir: string;
  /** Above the service's own grace period, which it needs for the work in hand. */
  graceMs?: number;
  /**
   * So long after it has begun to run it is enough that it does, as where Telegram cannot be reached, and four times as long after
   * its start, as where RabbitMQ cannot; and at once where only somebody can mend what does not work, as where Telegram refuses
   * the session. By default it must be ready.
   */
  patienceMs?: number | undefined;
  /** Breaks off a start. */
  signal?: AbortSignal | undefined;
}

/** How a service stands, as its `/ready` says. */
interface Readiness {
  ready: boolean;
  phase: string;
  checks: Record<string, { ok: boolean; detail?: string; fatal?: boolean }>;
}

/** While it is asked again and again; a service gives each of its checks two seconds. */
const shortMs = 2000;

const askFor = async (url: string, timeoutMs = shortMs): Promise<unknown> =>
  (await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })).json();

/** What of a service does not work, in words; null where all of it does. */
export const whatFails = async ({ url }: Pick<ServiceProcess, 'url'>): Promise<string | null> => {
  const { ready, phase, checks } = (await askFor(`${url}/ready`, 20_000)) as Readiness;
  if (ready) return null;
  const failing = Object.entries(checks).filter(([, { ok }]) => !ok);
  const faults = failing.map(([name, { detail }]) => `${name}: ${detail ?? 'does not work'}`);
  return faults.length > 0 ? faults.join('; ') : phase;
};

/** A gateway is also ready before it has looked who has the session: what is typed then may be before its time. */
const knowsItsPlace = async (url: string): Promise<boolean> => {
  const page = (await askFor(`${url}/telegram/session/status`)) as { state: string; lease: object | null };
  return page.state === 'owner' || (page.state === 'standby' && page.lease !== null);
};

/**
 * Starts a service; ready when this resolves.
 * @throws {Error} with its last log lines where it ends before it is ready.
 */
const startService = async ({ service, name }: Replica, options: ServiceOptions): Promise<ServiceProcess> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(options.logDir, { recursive: true });
  const logFile = join(options.logDir, `${name}.log`);
  rmSync(logFile, { force: true });
  const env: Record<string, string> = { ...options.env, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) };
  const server = await startServer(async () => {
    const child = await startChild({
      name,
      command: process.execPath,
      args: [...nodeOptions, mainOf(service)],
      env,
      cwd: rootDir,
      logFile,
      graceMs: options.graceMs ?? 25_000,
    });
    const { patienceMs = Number.POSITIVE_INFINITY } = options;
    let patientUntil = Date.now() + 4 * patienceMs;
    let isRunning = false;
    const isReady = async () => {
      const { ready, phase, checks } = (await askFor(`${url}/ready`)) as Readiness;
      if (phase === 'running' && !isRunning) {
        isRunning = true;
        patientUntil = Math.min(patientUntil, Date.now() + patienceMs);
      }
      const isHopeless = Object.values(checks).some(({ ok, fatal }) => !ok && fatal);
      if (Date.now() > patientUntil || (isHopeless && options.patienceMs !== undefined)) return true;
      return ready && (service !== 'gateway' || (await knowsItsPlace(url)));
    };
    await untilReady(child, logFile, isReady, { signal: options.signal });
    return child;
  });
  const signal = (which: 'SIGSTOP' | 'SIGCONT') => {
    if (server.running) process.kill(server.pid, which);
  };
  const { stop: end } = server;
  const stop = () => {
    // Halted, it would not hear that it shall end.
    signal('SIGCONT');
    return end();
  };
  return Object.assign(server, {
    name,
    url,
    logFile,
    env,
    stop,
    restart: async (changes = {}) => {
      await stop();
      Object.assign(env, changes);
      await server.start();
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  });
};

export interface ServicesOptions {
  replicas: readonly Replica[];
  /** The environment of each. */
  envOf: (replica: Replica) => Record<string, string>;
  logDir: string;
  patienceMs?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Starts services side by side. The gateway, through which everything comes in, is the first to be stopped.
 * @throws {Error} of the first that does not come up; the others' starts are broken off.
 */
export const startServices = async (
  started: Started,
  options: ServicesOptions,
): Promise<ServiceProcess[]> => {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  // Stopped side by side, and only then the servers that they need.
  const group = createStarted();
  await started.add(group, (all) => all.stopTogether());
  const start = (replica: Replica): Promise<ServiceProcess> => {
    const { logDir, patienceMs, envOf } = options;
    const coming = startService(replica, { env: envOf(replica), logDir, patienceMs, signal });
    coming.catch((error: unknown) => failed.abort(error));
    const home = replica.service === 'gateway' ? started : group;
    return home.add(coming, (service) => service.stop());
  };
  return await Promise.all(options.replicas.map(start));
};
