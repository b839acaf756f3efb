import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startChild, untilReady } from './child.ts';
import { surroundings } from './config.ts';
import { dockerRun } from './docker.ts';
import { freePorts } from './free-ports.ts';
import { type Server, startServer } from './server.ts';
import type { S3Program } from './tools/s3-program.ts';

export interface S3Options {
  /** An absolute folder of its own: data and log. */
  dir: string;
  s3: S3Program;
}

/** A private S3 server on loopback. */
export interface S3Server extends Server {
  readonly kind: S3Program['kind'];
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Starts a private S3 server; ready when this resolves. */
export const startS3 = async ({ dir, s3 }: S3Options): Promise<S3Server> => {
  const [port = 0, consolePort = 0] = await freePorts(2);
  const data = join(dir, 'data');
  mkdirSync(data, { recursive: true });
  const logFile = join(dir, 's3.log');
  const accessKey = 'heavy';
  const secretKey = randomBytes(16).toString('hex');
  const settings = {
    MINIO_ROOT_USER: accessKey,
    MINIO_ROOT_PASSWORD: secretKey,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    ROOT_ACCESS_KEY_ID: accessKey,
    ROOT_SECRET_ACCESS_KEY: secretKey,
  };
  const loopback = `127.0.0.1:${port}`;
  const nativeArgs = {
    minio: [
      'server',
      '--quiet',
      '--address',
      loopback,
      '--console-address',
      `127.0.0.1:${consolePort}`,
      data,
    ],
    versitygw: ['--port', loopback, '--health', '/health', 'posix', data],
  };
  const run =
    'image' in s3.program
      ? dockerRun({
          image: s3.program.image,
          publish: { [port]: 9000 },
          mounts: { [data]: '/data' },
          env: settings,
          command: ['minio', 'server', '--quiet', '/data'],
        })
      : { command: s3.program.command, args: nativeArgs[s3.kind] };
  const health = s3.kind === 'minio' ? '/minio/health/ready' : '/health';
  const server = await startServer(async () => {
    const child = await startChild({
      ...run,
      name: s3.kind,
      env: { PATH: surroundings().path, HOME: dir, LANG: 'C.UTF-8', ...settings },
      cwd: dir,
      logFile,
    });
    const isReady = async () => {
      const answer = await fetch(`http://${loopback}${health}`, { signal: AbortSignal.timeout(2000) });
      await answer.body?.cancel();
      return answer.ok;
    };
    await untilReady(child, logFile, isReady);
    return child;
  });
  return Object.assign(server, { kind: s3.kind, endpoint: `http://${loopback}`, accessKey, secretKey });
};
