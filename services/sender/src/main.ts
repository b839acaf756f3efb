import { queues } from '@heavy/contracts';
import { storeFromSettings } from '@heavy/media';
import { runService } from '@heavy/service';
import { accountFromSettings } from '@heavy/telegram';
import { senderConfig } from './config.ts';
import { senderHandlers } from './handlers.ts';

await runService('sender', senderConfig, async ({ config, log, redis, broker, check, onStop }) => {
  const account = accountFromSettings(config, { log, redis });
  onStop(() => account.close());
  check('telegram', () => ({ ok: account.state === 'connected', detail: account.state }));
  const store = storeFromSettings(config);
  check('store', () => store.check().then(() => ({ ok: true })));

  await account.connect();
  const handlers = senderHandlers({
    account,
    store,
    redis,
    log,
    statusIntervalMs: config.STATUS_INTERVAL_MS,
  });
  await broker.consume(queues.sender, handlers, { prefetch: config.MAX_IN_FLIGHT });
});
