import { createHash } from 'node:crypto';
import { redisKeys } from '@heavy/contracts';
import { luaScript } from '@heavy/redis';
import type { Redis } from 'ioredis';
import { Problem } from './problem.ts';

const script = <R>(name: string) => luaScript<R>(new URL(`scripts/${name}.lua`, import.meta.url));
const enqueue = script<[written: 0 | 1, entryId: string]>('enqueue');
const begin = script<[fingerprint: string, answer: string | null]>('begin');

/** For how long a repeat is recognised. */
const rememberedS = 24 * 3600;

const hash = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/** What a repeat is told by: what was asked for, of which bot, under which key, and with which body. */
export interface Attempt {
  /** Undefined where the request has no key: then each is a request of its own. */
  key: string | undefined;
  /** Two requests of different kinds are no repeats of each other. */
  kind: 'bot' | 'message' | 'broadcast';
  botId: number;
  body: unknown;
}

/** A name made of an attempt's key, the same at each repeat. */
export const derivedId = ({ key, kind, botId }: Attempt): string => hash(kind, botId, key).slice(0, 24);

const recordOf = (attempt: Attempt): string => redisKeys.bots.idempotency(derivedId(attempt));
const reused = () =>
  new Problem('idempotency_key_reused', 'Draw a key of its own for each thing to be done.');

/**
 * Writes an entry to a stream, once for each key; both in one step.
 * @throws {Problem} where the key was used for another request.
 */
export const enqueueOnce = async (
  redis: Redis,
  stream: string,
  fields: Record<string, string>,
  attempt: Attempt,
): Promise<{ entryId: string; isRepeat: boolean }> => {
  const keys = attempt.key === undefined ? [stream] : [stream, recordOf(attempt)];
  const args = [hash(attempt.body), rememberedS, ...Object.entries(fields).flat()];
  const [written, entryId] = await enqueue(redis, keys, args);
  if (entryId === '') throw reused();
  return { entryId, isRepeat: written === 0 };
};

/**
 * Does something that takes several steps, and keeps its answer for repeats. Whoever was ended in the middle has left no answer: the
 * repeat does it again, so that `work` has to be something that can be done twice.
 * @throws {Problem} where the key was used for another request.
 */
export const answerOnce = async <T>(
  redis: Redis,
  attempt: Attempt,
  work: () => Promise<T>,
): Promise<{ answer: T; isRepeat: boolean }> => {
  if (attempt.key === undefined) return { answer: await work(), isRepeat: false };
  const record = recordOf(attempt);
  const fingerprint = hash(attempt.body);
  const [first, known] = await begin(redis, [record], [fingerprint, rememberedS]);
  if (first !== fingerprint) throw reused();
  if (known !== null) return { answer: JSON.parse(known) as T, isRepeat: true };
  const answer = await work();
  await redis.multi().hset(record, 'answer', JSON.stringify(answer)).expire(record, rememberedS).exec();
  return { answer, isRepeat: false };
};
