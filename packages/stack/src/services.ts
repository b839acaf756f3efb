import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, untilReady } from './child.ts';
import { freePort } from './free-ports.ts';
import { rootDir } from './paths.ts';
import { type Server, startServer } from './server.ts';
import { createStarted, type Started } from './started.ts';

/** A service of ours as a process: `node services/<name>/src/main.ts`. */
export interface ServiceProcess extends Server {
  readonly name: string;
  /** Of /health, /ready and /metrics. */
  readonly url: string;
  /** What it writes to standard output and standard error. */
  readonly logFile: string;
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops it in order and starts it again. */
  restart(): Promise<void>;
}

const mainOf = (name: string) => join(rootDir, 'services', name, 'src', 'main.ts');

/** The names of the services that are there. */
export const serviceNames = (): string[] =>
  readdirSync(join(rootDir, 'services'))
    .filter((name) => existsSync(mainOf(name)))
    .sort();

export interface ServiceOptions {
  /** All that it is given, but for HTTP_HOST and HTTP_PORT. */
  env: Record<string, string>;
  /** An absolute folder. */
  logDir: string;
  /** Above the service's own grace period, which it needs for the work in hand. */
  graceMs?: number;
  /** Breaks off a start. */
  signal?: AbortSignal | undefined;
}

/**
 * Starts a service; ready when this resolves.
 * @throws {Error} with its last log lines where it ends before it is ready.
 */
const startService = async (name: string, options: ServiceOptions): Promise<ServiceProcess> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(options.logDir, { recursive: true });
  const logFile = join(options.logDir, `${name}.log`);
  rmSync(logFile, { force: true });
  const env = { ...options.env, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) };
  const server = await startServer(async () => {
    const child = await startChild({
      name,
      command: process.execPath,
      args: [mainOf(name)],
      env,
      cwd: rootDir,
      logFile,
      graceMs: options.graceMs ?? 25_000,
    });
    const isReady = async () => {
      const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) });
      await answer.body?.cancel();
      return answer.ok;
    };
    await untilReady(child, logFile, isReady, { signal: options.signal });
    return child;
  });
  return Object.assign(server, {
    name,
    url,
    logFile,
    env,
    restart: async () => {
      await server.stop();
      await server.start();
    },
  });
};

export interface ServicesOptions {
  names: readonly string[];
  /** The environment of each. */
  envOf: (name: string) => Record<string, string>;
  logDir: string;
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
  const start = (name: string): Promise<ServiceProcess> => {
    const coming = startService(name, { env: options.envOf(name), logDir: options.logDir, signal });
    coming.catch((error: unknown) => failed.abort(error));
    const home = name === 'gateway' ? started : group;
    return home.add(coming, (service) => service.stop());
  };
  return await Promise.all(options.names.map(start));
};
