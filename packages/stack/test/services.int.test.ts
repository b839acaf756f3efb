import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalTelegram } from '@heavy/local-telegram';
import { createVhost } from '@heavy/stack';
import { expect, inject, it, onTestFinished } from 'vitest';
import { serviceEnv } from '../src/service-env.ts';
import { startServices, whatFails } from '../src/services.ts';
import { createStarted } from '../src/started.ts';

it('startServices does not wait for a service whose session Telegram refuses', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-services-'));
  const started = createStarted();
  const vhost = await createVhost(inject('rabbitmq'));
  const telegram = await startLocalTelegram();
  onTestFinished(async () => {
    await started.stop();
    await telegram.close();
    await vhost.drop();
    rmSync(dir, { recursive: true, force: true });
  });
  const account = telegram.world.addUser('heavy');
  const { host, port, publicKeyPem } = telegram.endpoint;
  const refused = () => ({
    ...{
      TELEGRAM_API_ID: '1',
      TELEGRAM_API_HASH: 'local',
      TELEGRAM_SESSION: telegram.world.mintSession(account),
    },
    ...{ TELEGRAM_ENDPOINT: `${host}:${port}`, TELEGRAM_ENDPOINT_KEY: publicKeyPem },
  });
  const parts = {
    ...{ rabbitMqUrl: vhost.url, redisUrl: inject('redis').url, tools: inject('tools'), workDir: dir },
    ...{ store: { MEDIA_STORE: `file://${dir}/media` }, telegram: { gateway: refused(), sender: refused() } },
    ...{ adminIds: '', openTo: 'nobody', logsDb: join(dir, 'logs.db'), logLevel: 'info' },
  };
  telegram.revokeSessions(account, 'SESSION_REVOKED');

  const patienceMs = 55_000;
  const since = Date.now();
  const services = await startServices(started, {
    replicas: ['gateway', 'sender'].map((name) => ({ service: name, name })),
    envOf: ({ service }) => serviceEnv(service, parts),
    ...{ logDir: join(dir, 'logs'), patienceMs },
  });
  // Some seconds, of which a slow machine makes more; otherwise all of them.
  expect(Date.now() - since).toBeLessThan(patienceMs - 10_000);
  for (const service of services)
    expect(await whatFails(service)).toMatch(/^telegram: Telegram refuses the session \(SESSION_REVOKED\)/);
});
