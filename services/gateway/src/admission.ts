import type { Standing } from '@heavy/access';
import { redisKeys } from '@heavy/contracts';
import type { IncomingMessage, SessionLease } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { anybodysWord } from './command-words.ts';
import type { Fate, Published } from './published.ts';
import { createRateLimit, type RateLimitConfig, type Requests } from './rate-limit.ts';
import { createRateRefusal } from './rate-refusal.ts';
import { eventIdOf } from './raw-event.ts';

interface Deps {
  redis: Redis;
  lease: Pick<SessionLease, 'check'>;
  published: Published;
  config: RateLimitConfig;
}

interface Command {
  account: number;
  message: IncomingMessage;
  word: string;
  standing: Standing;
  fate: Fate | null;
}

type Admission =
  | { admitted: true; requests?: Requests }
  /** `tellMs`: what is left of the window, where the sender is to be told of it; null where nothing is said. */
  | { admitted: false; tellMs: number | null };

/**
 * Counts a command against the sender's limit of requests, once, however often its message is told, and notes the verdict: where
 * it is accepted, in the same step. Admins have no limit. Whoever asks what they are has one of its own, and is not told of it.
 */
export const createAdmission = ({ redis, lease, published, config }: Deps) => {
  const limits = { redis, config, noteLifeS: published.lifeS };
  const commands = createRateLimit({ ...limits, keyOf: redisKeys.rate });
  const whoami = createRateLimit({ ...limits, keyOf: redisKeys.rateWhoami });
  const refusal = createRateRefusal(redis);

  return async ({ account, message, word, standing, fate }: Command): Promise<Admission> => {
    const { role, mayUse } = standing;
    const { id: userId } = message.sender;
    const eventId = eventIdOf(account, message);
    if (fate === 'refused') return { admitted: false, tellMs: await refusal.again(userId, eventId) };
    if (role === 'admin') return { admitted: true };
    const isWhoami = word === anybodysWord;
    if (fate === null) {
      const limit = isWhoami ? whoami : commands;
      const noteKey = published.keyOf(account, message);
      const { accepted, requests, resetMs } = await limit.take(userId, role, noteKey);
      lease.check();
      if (!accepted) {
        // In this order: where only the first is written, the message is judged once more, and finds itself there.
        const [tellMs] = await Promise.all([
          isWhoami ? null : refusal.claim(userId, eventId, resetMs),
          published.refused(account, message),
        ]);
        return { admitted: false, tellMs };
      }
      if (!isWhoami) return { admitted: true, requests };
    }
    return { admitted: true, ...(mayUse ? { requests: await commands.look(userId, role) } : {}) };
  };
};
