import {
  type CommandMessage,
  type DataOf,
  type downloadProgress,
  type FailureCode,
  type FailureContext,
  type Media,
  type Origin,
  redisKeys,
  type StoredObject,
} from '@heavy/contracts';
import type { Redis } from 'ioredis';

/** Somebody who waits for a job: one command message. */
export interface Asker {
  origin: Origin;
  /** The id of the download command's envelope. */
  commandId: string;
  correlationId: string;
  traceparent: string;
  /** As this asker gave it. */
  url: string;
}

/** How a job ended; the same for each of its askers, but for the URL that each gave. */
export type LedgerOutcome =
  | { object: StoredObject; media: Omit<Media, 'sourceUrl'> }
  | { failure: { code: FailureCode; context: FailureContext } };

/** How far a job is. */
export type JobProgress = Omit<DataOf<typeof downloadProgress>, 'origin'>;

/** What an asker is known by in the ledger: `account:chat:message`. */
export const commandOf = ({ account, chatId, messageId }: CommandMessage): string =>
  `${account}:${chatId}:${messageId}`;

/** An asker as the ledger stores it. */
export const parseAsker = (json: string): Asker => JSON.parse(json) as Asker;

/** Those who wait for a job, in no order. */
export const readAskers = async (redis: Redis, hash: string): Promise<Asker[]> =>
  (await redis.hvals(redisKeys.ledger.askers(hash))).map(parseAsker);
