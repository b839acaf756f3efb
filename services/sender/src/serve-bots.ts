import { botStreams } from '@heavy/contracts';
import type { Service } from '@heavy/service';
import { parseSessionKey } from '@heavy/telegram';
import { measureBroadcasts } from './bots/broadcasts/broadcast-metrics.ts';
import { createBroadcasts } from './bots/broadcasts/broadcasts.ts';
import { startBots } from './bots/start-bots.ts';
import type { senderConfig } from './config.ts';
import { startBotsApi } from './http/start-bots-api.ts';

/** Sends for the bots of the registry, and listens for their applications over HTTP where a key is set. */
export const serveBots = async ({
  config,
  instance,
  log,
  redis,
  metrics,
  check,
  onStop,
}: Service<typeof senderConfig>): Promise<void> => {
  const streams = botStreams(config.BOTS_STREAM_PREFIX);
  const broadcasts = createBroadcasts({ config, redis, streams, log });
  onStop(broadcasts.close);
  measureBroadcasts(redis, metrics);
  const onOutcome = broadcasts.record;
  const bots = await startBots({ config, redis, instance, log, metrics, onOutcome });
  onStop(bots.close);
  check('bots', bots.check);
  const sessionKey =
    config.HEAVY_SESSION_KEY === undefined ? undefined : parseSessionKey(config.HEAVY_SESSION_KEY);
  const api = await startBotsApi({ config, redis, streams, broadcasts, sessionKey, log });
  if (api) onStop(api.close);
};
