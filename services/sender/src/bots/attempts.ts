import { type BotStreams, redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Item } from './chat.ts';
import { type BotLease, BotLeaseLost } from './leases.ts';
import { botsScript } from './script.ts';

/** How far a message has come: what is known of it when its sender ends at any moment. */
interface Note {
  /** Ids of the parts that were sent. */
  sent: number[];
  /** Whether a part was on its way. */
  calling: boolean;
}

/** Notes of what is on its way, so that whoever has the bot next knows what may have been sent. */
export interface Attempts {
  /**
   * Before a call. False where somebody has taken the entry out of its stream: it is not to be sent.
   * @throws {BotLeaseLost} where the bot is another's by now.
   */
  begin(item: Item): Promise<boolean>;
  /** After a call that certainly sent nothing, or one whose part was sent. */
  over(item: Item): void;
  /** Puts into an entry what was noted of it. */
  recall(item: Item): void;
}

const attemptScript = botsScript<0 | 1 | 2>('attempt');

/** The entry's field in the hash. */
export const attemptField = ({ stream, id }: Pick<Item, 'stream' | 'id'>): string => `${stream}:${id}`;

const readNote = (text: string): Note => {
  try {
    const { sent, calling }: Partial<Record<string, unknown>> = JSON.parse(text) ?? {};
    const ids = Array.isArray(sent) ? sent.filter((one) => typeof one === 'number') : [];
    return { sent: ids, calling: calling !== false };
  } catch {
    // A note is there: something was on its way.
    return { sent: [], calling: true };
  }
};

export const loadAttempts = async (
  redis: Redis,
  streams: BotStreams,
  botId: number,
  lease: BotLease,
): Promise<Attempts> => {
  const key = redisKeys.bots.attempts(botId);
  const notes = new Map(Object.entries(await redis.hgetall(key)));
  const write = ({ sent }: Item, calling: boolean): string =>
    JSON.stringify({ sent, calling } satisfies Note);
  return {
    begin: async (item) => {
      const keys = [redisKeys.bots.lease(botId), key, streams[item.stream](botId)];
      const args = [lease.holder, attemptField(item), write(item, true), item.id];
      const noted = await attemptScript(redis, keys, args);
      if (noted === 0) throw new BotLeaseLost('another replica has the bot');
      return noted === 1;
    },
    over: (item) => {
      const field = attemptField(item);
      const done =
        item.sent.length === 0 ? redis.hdel(key, field) : redis.hset(key, field, write(item, false));
      // The note that stands then says too much: at worst a message is reported as ambiguous that was not sent.
      done.catch(() => undefined);
    },
    recall: (item) => {
      const text = notes.get(attemptField(item));
      if (text === undefined) return;
      notes.delete(attemptField(item));
      const { sent, calling } = readNote(text);
      item.sent = sent;
      item.interrupted = calling;
    },
  };
};
