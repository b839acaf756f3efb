import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { Broadcast, RecipientStatus } from './broadcast.ts';
import type { SentOutcome } from './sent-outcome.ts';

/** What became of one recipient. */
export interface RecipientOutcome {
  place: number;
  chatId: number | string;
  status: RecipientStatus;
  messageId?: number;
  details?: string;
  at?: number;
}

export interface OutcomesPage {
  outcomes: RecipientOutcome[];
  /** Where to go on; undefined at the end. A page may be empty and yet not the last: a look goes over so many places only. */
  next: number | undefined;
}

const readAtOnce = 1000;
const mostPlaces = 10_000;

/** Recipients in their order from a place on, only those of one status where that is given. */
export const findOutcomes = async (
  redis: Redis,
  { id, state, total, fed }: Broadcast,
  options: { from: number; limit: number; status?: RecipientStatus | undefined },
): Promise<OutcomesPage> => {
  const { from, limit, status } = options;
  const found: RecipientOutcome[] = [];
  const last = Math.min(total, from + mostPlaces);
  /** Of a cancelled one, whoever was not put into the stream never will be. */
  const without = (place: number): RecipientStatus =>
    state === 'cancelled' && place >= fed ? 'cancelled' : 'waiting';
  for (let start = from; start < last; start += readAtOnce) {
    const stop = Math.min(start + readAtOnce, last);
    const places = Array.from({ length: stop - start }, (_, index) => start + index);
    const [recipients, outcomes] = await Promise.all([
      redis.lrange(redisKeys.bots.recipients(id), start, stop - 1),
      redis.hmget(redisKeys.bots.outcomes(id), ...places.map(String)),
    ]);
    for (const [index, recipient] of recipients.entries()) {
      const text = outcomes[index];
      const known =
        typeof text === 'string' ? (JSON.parse(text) as SentOutcome) : { status: without(start + index) };
      if (status !== undefined && status !== known.status) continue;
      if (found.length === limit) return { outcomes: found, next: start + index };
      found.push({ place: start + index, chatId: JSON.parse(recipient), ...known } as RecipientOutcome);
    }
  }
  return { outcomes: found, next: last < total ? last : undefined };
};
