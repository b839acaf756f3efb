import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild, untilReady } from './child.ts';
import { freePort } from './free-ports.ts';
import { askPort } from './tcp.ts';

export interface RedisOptions {
  /** An absolute folder of its own: data and log. */
  dir: string;
  /** Defaults to a free one. */
  port?: number;
  /** The binary; defaults to `redis-server` on PATH. */
  command?: string;
  /** Told of each step in one plain line. */
  say?: (line: string) => void;
}

/** A private Redis that loses nothing it acknowledged: `appendonly yes`, `appendfsync always`. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** The server's process id; of the last one while it is stopped. */
  readonly pid: number;
  /** Saves and ends. */
  stop(): Promise<void>;
  /** Starts again on the same port and data. Nothing happens while it runs. */
  start(): Promise<void>;
  /** `SIGKILL`. */
  kill(): Promise<void>;
}

/** Starts a private Redis on loopback; ready when this resolves. */
export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const port = options.port ?? (await freePort());
  mkdirSync(options.dir, { recursive: true });
  const logFile = join(options.dir, 'redis.log');
  let child: Child | undefined;

  const start = async (): Promise<Child> => {
    const started = await startChild({
      name: 'Redis',
      command: options.command ?? 'redis-server',
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', options.dir],
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''],
      ],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8' },
      cwd: options.dir,
      logFile,
    });
    await untilReady(
      started,
      logFile,
      // While the append-only file is read, PING is answered with -LOADING.
      async () => (await askPort(port, 'PING\r\n')).toString('latin1').startsWith('+PONG'),
      { everyMs: 10 },
    );
    return started;
  };

  let current = await start();
  child = current;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return current.pid;
    },
    start: async () => {
      if (child) return;
      current = await start();
      child = current;
    },
    stop: async () => {
      await child?.stop();
      child = undefined;
    },
    kill: async () => {
      await child?.kill();
      child = undefined;
    },
  };
};
