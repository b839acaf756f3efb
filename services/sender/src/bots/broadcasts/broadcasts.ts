import { randomBytes } from 'node:crypto';
import { type BotStreams, botEntryFields, botStreamGroup, redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import type { Redis } from 'ioredis';
import { type Static, Type } from 'typebox';
import type { BotOutcome } from '../outcome.ts';
import {
  type Broadcast,
  type BroadcastMessage,
  type BroadcastState,
  broadcastFrom,
  type RecipientStatus,
} from './broadcast.ts';
import { type BroadcastName, broadcastScripts } from './broadcast-scripts.ts';
import { startFeeder } from './feeder.ts';
import { findOutcomes, type OutcomesPage } from './find-outcomes.ts';
import { placeOf, type SentOutcome, sentOutcome } from './sent-outcome.ts';
import { broadcastSettings } from './settings.ts';

const settings = Type.Object(broadcastSettings);

export interface BroadcastOptions {
  redis: Redis;
  streams: BotStreams;
  config: Static<typeof settings>;
  log: Logger;
}

/** What somebody wants of a broadcast that is not in a state for it; `state` is the one that it is in. */
export class BroadcastConflict extends Error {
  override readonly name = 'BroadcastConflict';
  readonly state: BroadcastState | 'full';

  constructor(state: BroadcastState | 'full', message: string) {
    super(message);
    this.state = state;
  }
}

export type BroadcastAction = 'start' | 'pause' | 'resume' | 'cancel';

export interface Broadcasts {
  /** Makes a draft; where there is a broadcast of this id already, it stays as it is. */
  create(name: BroadcastName, message: BroadcastMessage): Promise<void>;
  /**
   * Adds recipients to a draft; those who are in it already are left out. False where there is no such broadcast.
   * @throws {BroadcastConflict} where it is no draft, or would have more than a million.
   */
  append(name: BroadcastName, recipients: readonly (number | string)[]): Promise<boolean>;
  /**
   * What is so already is no fault. False where there is no such broadcast.
   * @throws {BroadcastConflict}
   */
  change(name: BroadcastName, action: BroadcastAction): Promise<boolean>;
  find(name: BroadcastName): Promise<Broadcast | null>;
  /** Of one bot, the newest first, from the one after `after` on. */
  list(botId: number, options: { limit: number; after?: string | undefined }): Promise<Broadcast[]>;
  /** Recipients in their order, with what became of them, from a place on. */
  outcomes(
    broadcast: Broadcast,
    options: { from: number; limit: number; status?: RecipientStatus | undefined },
  ): Promise<OutcomesPage>;
  /** Cancels all of a bot's broadcasts that have not ended. */
  cancelAll(botId: number): Promise<void>;
  /** To be told of each entry before it is acknowledged. A repeat changes nothing. */
  record(outcome: BotOutcome): Promise<void>;
  close(): Promise<void>;
}

const mostRecipients = 1_000_000;
/** Recipients that one script adds: Redis does nothing else meanwhile. */
const appendedAtOnce = 2000;

/** 96 bits, drawn at random: what names a broadcast. */
export const newBroadcastId = (): string => randomBytes(12).toString('hex');

/** How long what became of a single message is kept for whoever sent it by HTTP. */
const dayMs = 24 * 3600 * 1000;
const outcomeKeptS = 24 * 3600;

/** One spelling of each chat: `"42"` is 42. */
const normal = (recipient: number | string): number | string =>
  typeof recipient === 'string' &&
  /^-?[1-9][0-9]{0,15}$/.test(recipient) &&
  Number.isSafeInteger(Number(recipient))
    ? Number(recipient)
    : recipient;

/**
 * Broadcasts to a list of recipients. All of their state is in Redis; every replica of the sender can do everything, and puts
 * recipients into the streams that the runtime of bots serves.
 */
export const createBroadcasts = ({ config, redis, streams, log }: BroadcastOptions): Broadcasts => {
  const scripts = broadcastScripts(redis, streams, config.BOTS_BROADCAST_KEEP_DAYS * dayMs);
  const feeder = startFeeder({
    ...{ redis, scripts, group: botStreamGroup, log },
    ahead: config.BOTS_BROADCAST_AHEAD,
  });

  const find = async ({ botId, id }: BroadcastName): Promise<Broadcast | null> => {
    const found = broadcastFrom(id, await redis.hgetall(redisKeys.bots.broadcast(id)), Date.now());
    return found?.botId === botId ? found : null;
  };

  const change = async (name: BroadcastName, action: BroadcastAction): Promise<boolean> => {
    if (!(await find(name))) return false;
    const [done, state] = await scripts.change(name, action);
    if (state === 'missing') return false;
    if (done === 0)
      throw new BroadcastConflict(
        state,
        state === 'draft'
          ? `A draft without recipients cannot ${action}.`
          : `It is ${state}: it cannot ${action}.`,
      );
    if (action === 'start' || action === 'resume') await feeder.feed(name);
    if (action === 'cancel') await feeder.withdraw(name);
    return true;
  };

  const ids = (botId: number, start: number, stop: number): Promise<string[]> =>
    redis.zrevrange(redisKeys.bots.broadcasts(botId), start, stop);

  const keepOutcome = async ({ botId, entryId }: BotOutcome, outcome: SentOutcome): Promise<void> => {
    await redis.set(
      redisKeys.bots.messageOutcome(botId, entryId),
      JSON.stringify(outcome),
      'EX',
      outcomeKeptS,
    );
  };

  return {
    create: async (name, message) => {
      const data = JSON.stringify({ bot_id: name.botId, ...message });
      await scripts.create(name, name.botId, data, redisKeys.bots.broadcasts(name.botId));
    },
    append: async (name, recipients) => {
      if (!(await find(name))) return false;
      for (let from = 0; from < recipients.length; from += appendedAtOnce) {
        const some = recipients.slice(from, from + appendedAtOnce).map((one) => JSON.stringify(normal(one)));
        const [state] = await scripts.append(name, mostRecipients, ...some);
        if (state === 'missing') return false;
        if (state === 'full')
          throw new BroadcastConflict(state, `A broadcast has at most ${mostRecipients} recipients.`);
        if (state !== 'draft')
          throw new BroadcastConflict(state, `It is ${state}: no recipients can be added.`);
      }
      return true;
    },
    change,
    find,
    list: async (botId, { limit, after }) => {
      const last = after === undefined ? -1 : await redis.zrevrank(redisKeys.bots.broadcasts(botId), after);
      const start = (last ?? -1) + 1;
      const named = await ids(botId, start, start + limit - 1);
      const found = await Promise.all(named.map((id) => find({ botId, id })));
      const forgotten = named.filter((_, index) => found[index] === null);
      // Their own life has ended, and a member of a sorted set has none.
      if (forgotten.length > 0) await redis.zrem(redisKeys.bots.broadcasts(botId), ...forgotten);
      return found.filter((one) => one !== null);
    },
    outcomes: (broadcast, options) => findOutcomes(redis, broadcast, options),
    cancelAll: async (botId) => {
      for (const id of await ids(botId, 0, -1)) {
        const found = await find({ botId, id });
        if (found && found.state !== 'completed') await change({ botId, id }, 'cancel');
      }
    },
    record: async (told) => {
      const outcome = sentOutcome(told, Date.now());
      if (told.fields[botEntryFields.keepOutcome] === '1') await keepOutcome(told, outcome);
      const place = placeOf(told.fields);
      if (!place || told.stream !== 'broadcast') return;
      const name = { botId: told.botId, id: place.id };
      // An application writes to its bot's stream as it likes: another bot's broadcast is none of its business.
      if ((await redis.hget(redisKeys.bots.broadcast(place.id), 'botId')) !== `${told.botId}`) return;
      const args = [place.place, outcome.status, JSON.stringify(outcome)] as const;
      const [state, aheadNow] = await scripts.record(name, ...args);
      if (state === 'running') await feeder.refill(name, aheadNow);
    },
    close: feeder.close,
  };
};
