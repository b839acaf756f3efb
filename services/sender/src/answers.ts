import { type Origin, redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

const keptS = 7 * 24 * 3600;

/** What the chat has seen of one command. */
export interface Answer {
  /** The event that ended the command: none other may. */
  outcome?: string;
  /** The outcome is in the chat, as these messages. */
  sent?: number[];
  /** The status message, once it is known to be in the chat; 0 while it is being sent. */
  status?: number;
}

/**
 * The record of what was said in answer to each command (a Redis hash per command, kept for a week). It makes the
 * outcome of a command one, whatever is delivered twice and whichever process dies in between.
 */
export const createAnswers = (redis: Redis) => {
  const keyOf = ({ account, chatId, messageId }: Origin) => redisKeys.answer(account, chatId, messageId);
  // Given together, commands go out together and in this order; the failure of any is the failure of all.
  const set = async (origin: Origin, field: string, value: string | number): Promise<void> => {
    const key = keyOf(origin);
    await Promise.all([redis.hset(key, field, value), redis.expire(key, keptS)]);
  };
  /** By a message of ours, the command that it answers can be found: for those who reply to it. */
  const answersTo = ({ account, chatId, messageId }: Origin, ids: number[]) =>
    ids.map((id) => redis.set(redisKeys.commandOf(account, chatId, id), messageId, 'EX', keptS));
  return {
    read: async (origin: Origin): Promise<Answer> => {
      const { outcome, sent, status } = await redis.hgetall(keyOf(origin));
      return {
        ...(outcome === undefined ? {} : { outcome }),
        ...(sent === undefined ? {} : { sent: JSON.parse(sent) as number[] }),
        ...(status === undefined ? {} : { status: Number(status) }),
      };
    },
    /** Whether this event is the one that ends the command: the first to claim it is, and stays so when redelivered. */
    claim: async (origin: Origin, eventId: string): Promise<boolean> => {
      const key = keyOf(origin);
      const [, , owner] = await Promise.all([
        redis.hsetnx(key, 'outcome', eventId),
        redis.expire(key, keptS),
        redis.hget(key, 'outcome'),
      ]);
      return owner === eventId;
    },
    /** Said before the status message is sent, so that one whose id was lost with its sender is looked for. */
    statusIntended: (origin: Origin) => set(origin, 'status', 0),
    statusSent: async (origin: Origin, messageId: number): Promise<void> => {
      await Promise.all([set(origin, 'status', messageId), ...answersTo(origin, [messageId])]);
    },
    statusGone: async (origin: Origin): Promise<void> => void (await redis.hdel(keyOf(origin), 'status')),
    outcomeSent: async (origin: Origin, messageIds: number[]): Promise<void> => {
      await Promise.all([set(origin, 'sent', JSON.stringify(messageIds)), ...answersTo(origin, messageIds)]);
    },
  };
};

export type Answers = ReturnType<typeof createAnswers>;
