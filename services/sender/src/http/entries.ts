import {
  type BotMessage,
  type BotStreams,
  botEntryFields,
  botMessageSchemas,
  botStreamGroup,
  faultOf,
  redisKeys,
} from '@heavy/contracts';
import type { Redis } from 'ioredis';
import type { SentOutcome } from '../bots/broadcasts/sent-outcome.ts';
import { type Attempt, enqueueOnce } from './idempotency.ts';
import { Problem } from './problem.ts';

/** How a message that came by HTTP stands. */
export type EntryStatus = { status: 'queued' | 'sending' } | SentOutcome;

/** A chat as an address names it: `-100123` is a number, `@name` is not. */
export const chatOf = (text: string): number | string => (text.startsWith('@') ? text : Number(text));

/**
 * Puts a message into the stream of what somebody waits for, so that its outcome will be kept.
 * @throws {Problem} where the runtime would not take it.
 */
export const enqueueMessage = async (
  redis: Redis,
  streams: BotStreams,
  { type, data }: BotMessage,
  attempt: Attempt,
) => {
  const fault = faultOf(botMessageSchemas[type], data);
  if (fault) throw new Problem('invalid_request', fault);
  const fields = { type, data: JSON.stringify(data), [botEntryFields.keepOutcome]: '1' };
  return enqueueOnce(redis, streams.regular(data.bot_id), fields, attempt);
};

/** Null where there is no such entry, nor a memory of it. */
export const findEntry = async (
  redis: Redis,
  streams: BotStreams,
  botId: number,
  entryId: string,
): Promise<EntryStatus | null> => {
  const stream = streams.regular(botId);
  // The outcome is kept before the entry goes: whoever looks for them in the other order could miss both.
  const isThere = (await redis.xrange(stream, entryId, entryId)).length > 0;
  const outcome = await redis.get(redisKeys.bots.messageOutcome(botId, entryId));
  if (outcome !== null) return JSON.parse(outcome) as SentOutcome;
  if (!isThere) return null;
  const reading = await redis.xpending(stream, botStreamGroup, entryId, entryId, 1).catch(withoutGroup);
  return { status: reading.length > 0 ? 'sending' : 'queued' };
};

/** A stream that the runtime has not seen yet has no group; nobody reads it. */
export const withoutGroup = (error: unknown): unknown[] => {
  if (error instanceof Error && error.message.startsWith('NOGROUP')) return [];
  throw error;
};
