import { queues, redisKeys } from '@heavy/contracts';
import { createSplitter, storeFromSettings } from '@heavy/media';
import type { Service } from '@heavy/service';
import {
  accountFromSettings,
  accountTerm,
  acquireSessionLease,
  createSessionStatus,
  runTerms,
  sessionFingerprint,
  sessionFromSettings,
} from '@heavy/telegram';
import type { AccountConfig, senderConfig } from './config.ts';
import { senderHandlers } from './handlers.ts';
import { createPace } from './pace/pace.ts';
import { createPaceStore } from './pace/pace-store.ts';
import { createStrangers, type Strangers } from './strangers.ts';

/** Sends for the account, whenever this process has its session. */
export const serveAccount = async (
  config: AccountConfig,
  { instance: holder, log, redis, broker, stopping, ...service }: Service<typeof senderConfig>,
): Promise<void> => {
  const key = redisKeys.session(sessionFingerprint(sessionFromSettings(config)));
  const status = createSessionStatus({ redis, key, holder });
  let strangers: Strangers | undefined;
  service.check('telegram', () => {
    const checked = status.check();
    const alarm = strangers?.detail();
    return checked.ok && alarm !== undefined ? { ok: false, serving: true, detail: alarm } : checked;
  });
  service.get('/telegram/session/status', status.page);
  const store = storeFromSettings(config);
  service.check('store', () => store.check().then(() => ({ ok: true })));
  const splitter = createSplitter({
    ...{ store, ffmpegPath: config.FFMPEG_PATH, ffprobePath: config.FFPROBE_PATH },
    workDir: config.PARTS_DIR,
  });
  await splitter.sweep();

  const term = accountTerm({
    status,
    createAccount: (lease) => accountFromSettings(config, { log, redis, lease }),
    serve: async (account, { since }) => {
      const pace = createPace({
        settings: { rate: config.PACE, ratePerChat: config.PACE_PER_CHAT },
        store: createPaceStore(redis, account.identity.id),
        log,
      });
      strangers = createStrangers({
        ...{ account, redis, log },
        pauseMs: config.PEER_FLOOD_PAUSE * 1000,
      });
      await Promise.all([pace.load(), strangers.load()]);
      const handlers = senderHandlers({
        ...{ account, store, splitter, redis, log, pace, strangers },
        statusIntervalMs: config.STATUS_INTERVAL_MS,
        callsAtOnce: config.MAX_IN_FLIGHT,
        uploadsAtOnce: config.UPLOADS_AT_ONCE,
      });
      // A frozen sender is a consumer until the broker notices: whoever has the session since is given the messages first.
      const priority = Math.floor(since.getTime() / 1000);
      return broker.consume(queues.sender, handlers, { prefetch: config.PREFETCH, priority });
    },
  });
  const acquire = (signal: AbortSignal) =>
    acquireSessionLease({
      ...{ redis, key, holder, leaseMs: config.SESSION_LEASE * 1000, signal, log },
      onWaiting: (owner) => {
        status.waiting(owner);
        log.info({ owner }, 'standing by: another process has the session');
      },
    });
  // Messages in hand are done with before the connection ends.
  const stopped = new AbortController();
  const terms = runTerms({ acquire, term, status, stopping, stopped: stopped.signal, log });
  service.onStop(async () => {
    stopped.abort();
    await terms;
  });
};
