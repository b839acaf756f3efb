import { runService } from '@heavy/service';
import { accountFromSettings } from '@heavy/telegram';
import { gatewayConfig } from './config.ts';
import { messageReceived } from './message-received.ts';
import { dispatchHistogram } from './metrics.ts';

await runService('gateway', gatewayConfig, async ({ config, log, redis, broker, metrics, check, onStop }) => {
  const account = accountFromSettings(config, { log, redis });
  onStop(() => account.close());
  check('telegram', () => ({ ok: account.state === 'connected', detail: account.state }));

  const running = new Set<Promise<void>>();
  onStop(() => Promise.allSettled(running));
  const receive = messageReceived({
    account,
    broker,
    redis,
    log,
    admins: new Set(config.ADMIN_IDS),
    openTo: config.OPEN_TO,
    dispatched: dispatchHistogram(metrics),
  });
  account.onMessage((message) => {
    const work = receive(message).catch((err: unknown) =>
      log.error({ err }, 'a message could not be published'),
    );
    running.add(work);
    void work.finally(() => running.delete(work));
  });
  await account.connect();
});
