import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureS3, ensureTools, type Server, startRabbitMq, startRedis, startS3 } from '@heavy/stack';
import type { TestProject } from 'vitest/node';
import { workers } from './workers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    rabbitmq: { url: string; managementUrl: string };
    /** A server that no file shares which runs at the same time. */
    redis: { url: string };
    redisOfWorkers: string[];
    /** A real S3 server; undefined where none can be had: then the suites that need one are skipped. */
    s3: { endpoint: string; accessKey: string; secretKey: string } | undefined;
    /** Absolute paths. */
    tools: { ytDlp: string; ffmpeg: string; ffprobe: string };
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Starts the servers that all integration tests of a run share; they end with the run, however it ends. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-test-'));
  const started: Server[] = [];
  const keep = <S extends Server>(server: S): S => {
    started.push(server);
    return server;
  };
  const end = async () => {
    await Promise.all(started.map((server) => server.stop()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [tools, program] = await Promise.all([ensureTools({ say }), ensureS3({ say })]);
    const [rabbitmq, redises, s3] = await Promise.all([
      startRabbitMq({ dir: join(dir, 'rabbitmq'), program: tools.rabbitMq }).then(keep),
      Promise.all(
        Array.from({ length: workers }, (_, worker) =>
          startRedis({ dir: join(dir, `redis-${worker}`), program: tools.redis }).then(keep),
        ),
      ),
      program && startS3({ dir: join(dir, 's3'), s3: program }).then(keep),
    ]);
    project.provide('rabbitmq', { url: rabbitmq.url, managementUrl: rabbitmq.managementUrl });
    // Which of them is a file's own, the set-up of its worker knows.
    project.provide('redis', { url: '' });
    project.provide(
      'redisOfWorkers',
      redises.map(({ url }) => url),
    );
    project.provide('s3', s3 && { endpoint: s3.endpoint, accessKey: s3.accessKey, secretKey: s3.secretKey });
    const { ytDlp, ffmpeg, ffprobe } = tools;
    project.provide('tools', { ytDlp, ffmpeg, ffprobe });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
};
