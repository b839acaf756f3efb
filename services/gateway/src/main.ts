import { runService } from '@heavy/service';
import { accountFromSettings } from '@heavy/telegram';
import { gatewayConfig } from './config.ts';
import { messageReceived } from './message-received.ts';
import { dispatchHistogram } from './metrics.ts';
import { untilDone } from './until-done.ts';

await runService('gateway', gatewayConfig, async ({ config, log, redis, broker, metrics, check, onStop }) => {
  const account = accountFromSettings(config, { log, redis });
  onStop(() => account.close());
  check('telegram', () => ({ ok: account.state === 'connected', detail: account.state }));

  const dispatched = dispatchHistogram(metrics);
  const receive = messageReceived({ account, broker, redis, log, config, dispatched });
  const { listener, done } = untilDone(receive, log);
  const unsubscribe = account.onMessage(listener);
  onStop(() => {
    unsubscribe();
    return done();
  });
  await account.connect();
});
