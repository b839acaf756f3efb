import { type Access, type OpenTo, type Standing, standingOf } from '@heavy/access';
import { type Auth, telegramMessage, telegramRaw } from '@heavy/contracts';
import { type Broker, runInContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { IncomingMessage, SessionLease, TelegramAccount } from '@heavy/telegram';
import { untilAborted } from '@heavy/timing';
import type { Redis } from 'ioredis';
import { createAdmission } from './admission.ts';
import { anybodysWord, commandWord, isRegistered } from './command-words.ts';
import { createPublisher } from './door-publisher.ts';
import { createInterests } from './interests.ts';
import type { GatewayMetrics } from './metrics.ts';
import { oneAfterAnother } from './one-after-another.ts';
import { createPublished } from './published.ts';
import type { RateLimitConfig } from './rate-limit.ts';
import { correlationIdOf, eventIdOf, messageEvent, messageEventIdOf, rawEvent } from './raw-event.ts';
import { repliedTo } from './replied-to.ts';
import { countTooOld, isTooOld } from './too-old.ts';
import { typedAt } from './typed-at.ts';

interface Deps {
  account: Pick<TelegramAccount, 'identity' | 'getMessage'>;
  lease: Pick<SessionLease, 'check' | 'signal'>;
  broker: Pick<Broker, 'publish'>;
  redis: Redis;
  access: Pick<Access, 'of'>;
  log: Logger;
  config: RateLimitConfig & {
    ADMIN_IDS: readonly number[];
    OPEN_TO: OpenTo;
    /** Seconds. */
    COMMAND_MAX_AGE: number;
  };
  metrics: GatewayMetrics;
}

/** Who typed it and where, for the log: `.why` tells the one, and goes by the other. */
const place = ({ chat, sender }: IncomingMessage) => {
  const userName = sender.name ?? sender.username;
  return { chatId: chat.id, userId: sender.id, ...(userName === undefined ? {} : { userName }) };
};

/**
 * The door. Publishes `events.telegram.raw` for a message that begins with a registered command word, if its sender may use it,
 * it is not too old, and it is within the limit of requests; once, however often the message is told. Messages that some service
 * has registered to see go out as `events.telegram.message`. What is to be published is durable when the promise resolves; it
 * rejects, to be called again, where that cannot be said, and with `SessionLeaseLost` once the lease is over.
 */
export const messageReceived = (deps: Deps): ((message: IncomingMessage) => Promise<void>) => {
  const { account, lease, redis, access, log, config, metrics } = deps;
  const { publish, refuse } = createPublisher(deps);
  const isWanted = createInterests(redis);
  const inTurn = oneAfterAnother();
  const published = createPublished(redis, config.COMMAND_MAX_AGE);
  const admit = createAdmission({ redis, lease, published, config });
  const countOld = countTooOld(log, lease.signal);

  const standingIn = async ({ chat, sender, outgoing }: IncomingMessage): Promise<Standing> => {
    const said = await access.of(sender.id, chat.id);
    if (said.user?.unreadable || said.chat?.unreadable)
      log.error(
        { chatId: chat.id, userId: sender.id },
        'what admins said of this user or chat cannot be read: it counts as a ban',
      );
    return standingOf({
      isAdmin: outgoing || config.ADMIN_IDS.includes(sender.id),
      ...{ ...said, chatType: chat.type, openTo: config.OPEN_TO },
    });
  };

  const dispatch = async (message: IncomingMessage, word: string, auth: Auth): Promise<void> => {
    const self = account.identity.id;
    const eventId = eventIdOf(self, message);
    const reply = await repliedTo({ account, log, signal: lease.signal }, message);
    if (await publish(telegramRaw, rawEvent(self, message, word, auth, reply), eventId)) {
      const seconds = (Date.now() - message.receivedAt) / 1000;
      metrics.dispatched(seconds);
      log.info(
        {
          ...{ step: 'received', eventId, word, role: auth.role },
          ...{ ...place(message), messageId: message.id, dispatchMs: seconds * 1000 },
        },
        'command published',
      );
    } else await refuse(self, message, 'internal');
    await published.published(self, message, eventId);
  };

  const command = async (message: IncomingMessage, word: string): Promise<void> => {
    const self = account.identity.id;
    const typedAtS = typedAt(message);
    // One round trip: what is asked of one connection at the same time is sent together.
    const [registered, fate, standing] = await Promise.all([
      isRegistered(redis, word),
      published.fateOf(self, message),
      standingIn(message),
    ]);
    lease.check();
    if (!registered || fate === 'published') return;
    // One that was accepted, and then edited before it was out, is owed an answer.
    if (typedAtS === null && fate !== 'accepted') return;
    if (!standing.mayUse && word !== anybodysWord) {
      metrics.refused('standing');
      log.info({ step: 'refused', word, role: standing.role, ...place(message) }, 'command not allowed');
      return;
    }
    if (isTooOld(typedAtS ?? message.date, message.receivedAt, config.COMMAND_MAX_AGE)) {
      metrics.refused('age');
      countOld();
      return;
    }
    const admission = await admit({ account: self, message, word, standing, fate });
    if (admission.admitted) {
      const { requests } = admission;
      return dispatch(message, word, { ...standing, rateLimited: false, ...(requests && { requests }) });
    }
    const { tellMs } = admission;
    if (fate === null) {
      metrics.refused('rate_limit');
      const what = { step: 'failed', code: 'rate_limited', word, told: tellMs !== null };
      log.info({ ...what, ...place(message) }, 'too many commands');
    }
    if (tellMs !== null) await refuse(self, message, 'rate_limited', { limit: Math.ceil(tellMs / 1000) });
  };

  const inContext = <T>(message: IncomingMessage, work: () => Promise<T>): Promise<T> =>
    runInContext({ correlationId: correlationIdOf(account.identity.id, message) }, work);

  const forward = async (message: IncomingMessage): Promise<void> => {
    if (!(await isWanted(message))) return;
    const self = account.identity.id;
    const data = messageEvent(self, message);
    await inContext(message, () => publish(telegramMessage, data, messageEventIdOf(self, message)));
  };

  const obey = async (message: IncomingMessage): Promise<void> => {
    const word = commandWord(message.text);
    // Whoever passes on what somebody else has written gives no order.
    if (word === null || message.forwarded) return;
    const { chat, id } = message;
    await inTurn(`${chat.id}:${id}`, () => inContext(message, () => command(message, word)));
  };

  return async (message) => {
    lease.signal.throwIfAborted();
    await untilAborted(Promise.all([forward(message), obey(message)]), lease.signal);
  };
};
