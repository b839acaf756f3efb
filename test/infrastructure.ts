import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRabbitMq, startRedis } from '@heavy/stack';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    rabbitmq: { url: string; managementUrl: string };
    redis: { url: string };
    /** An S3 server, where one can be had; without it the S3 suites are skipped. */
    s3: { endpoint: string; accessKey: string; secretKey: string } | undefined;
    /** Absolute paths. */
    tools: { ytDlp: string; ffmpeg: string; ffprobe: string };
  }
}

/** Starts the servers that all integration tests of a run share; ended when the run ends. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-test-'));
  const [rabbitmq, redis] = await Promise.all([
    startRabbitMq({ dir: join(dir, 'rabbitmq') }),
    startRedis({ dir: join(dir, 'redis') }),
  ]);
  project.provide('rabbitmq', { url: rabbitmq.url, managementUrl: rabbitmq.managementUrl });
  project.provide('redis', { url: redis.url });
  return async () => {
    await Promise.all([rabbitmq.stop(), redis.stop()]);
    rmSync(dir, { recursive: true, force: true });
  };
};
