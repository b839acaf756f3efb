import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, untilReady } from './child.ts';
import { surroundings } from './config.ts';
import { dockerRun } from './docker.ts';
import { freePort } from './free-ports.ts';
import { type Server, startServer } from './server.ts';
import { askPort } from './tcp.ts';
import type { Program } from './tools/program.ts';

export interface RedisOptions {
  /** An absolute folder of its own: data and log. */
  dir: string;
  /** Defaults to a free one. */
  port?: number;
  /** Defaults to `redis-server` on PATH. */
  program?: Program;
}

/** A private Redis that loses nothing it acknowledged: `appendonly yes`, `appendfsync always`. */
export interface RedisServer extends Server {
  readonly url: string;
  readonly port: number;
}

const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];

/** Starts a private Redis on loopback; ready when this resolves. */
export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const { dir, program = { command: 'redis-server' } } = options;
  const port = options.port ?? (await freePort());
  mkdirSync(dir, { recursive: true });
  const logFile = join(dir, 'redis.log');
  const run =
    'image' in program
      ? dockerRun({
          image: program.image,
          publish: { [port]: 6379 },
          mounts: { [dir]: '/data' },
          command: ['redis-server', '--dir', '/data', '--protected-mode', 'no', ...durable],
        })
      : {
          command: program.command,
          args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durable],
        };
  const server = await startServer(async () => {
    const child = await startChild({
      ...run,
      name: 'Redis',
      env: { PATH: surroundings().path, HOME: dir, LANG: 'C.UTF-8' },
      cwd: dir,
      logFile,
    });
    // While the append-only file is read, PING is answered with -LOADING.
    const isReady = async () => (await askPort(port, 'PING\r\n')).toString('latin1').startsWith('+PONG');
    await untilReady(child, logFile, isReady, { everyMs: 10 });
    return child;
  });
  return Object.assign(server, { url: `redis://127.0.0.1:${port}`, port });
};
