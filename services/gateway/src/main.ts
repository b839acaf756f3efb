import { createAccess } from '@heavy/access';
import { queues, redisKeys } from '@heavy/contracts';
import { runService } from '@heavy/service';
import {
  accountFromSettings,
  acquireSessionLease,
  createSessionStatus,
  endpointFromSettings,
  redisUpdateStore,
  runTerms,
  sessionFingerprint,
  sessionFromSettings,
} from '@heavy/telegram';
import { accessHandlers, words } from './access-words/access-handlers.ts';
import { accessDetail, gatewayConfig } from './config.ts';
import { messageReceived } from './message-received.ts';
import { createGatewayMetrics } from './metrics.ts';
import { sessionTerm } from './session-term.ts';

await runService(
  'gateway',
  gatewayConfig,
  async ({ config, instance: holder, log, redis, broker, stopping, ...service }) => {
    const admins = config.ADMIN_IDS;
    const key = redisKeys.session(sessionFingerprint(sessionFromSettings(config)));
    const status = createSessionStatus({ redis, key, holder });
    service.check('telegram', status.check);
    service.check('config', () => ({ ok: true, detail: accessDetail(config) }));
    service.get('/telegram/session/status', status.page);
    const metrics = createGatewayMetrics(service.metrics, status);
    const access = createAccess(redis);
    await service.registerCommands(words);

    const term = sessionTerm({
      status,
      createAccount: (lease, onMessage) =>
        accountFromSettings(config, {
          ...{ log, redis, lease },
          updates: {
            store: (id) => redisUpdateStore(redis, redisKeys.updates(id), lease.check),
            onMessage,
            recoverS: config.COMMAND_MAX_AGE,
          },
        }),
      receiver: (lease, account) =>
        messageReceived({ lease, account, broker, redis, access, log, config, metrics }),
      // A frozen gateway is a consumer until the broker notices: whoever has the session since is given the words first.
      consume: (account, { since }) =>
        broker.consume(queues.access, accessHandlers({ access, account, admins, log }), {
          priority: Math.floor(since.getTime() / 1000),
        }),
    });
    const onWaiting = (owner: string) => {
      status.waiting(owner);
      log.info({ owner }, 'standing by: another process has the session');
    };
    const acquire = (signal: AbortSignal) =>
      acquireSessionLease({
        redis,
        key,
        holder,
        leaseMs: config.SESSION_LEASE * 1000,
        signal,
        onWaiting,
        log,
      });
    const terms = runTerms({ acquire, term, status, stopping, log });
    service.onStop(() => terms);
  },
  (config) => [sessionFromSettings(config), endpointFromSettings(config)],
);
