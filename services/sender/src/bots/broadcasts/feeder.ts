import { redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import type { Redis } from 'ioredis';
import type { BroadcastName, broadcastScripts } from './broadcast-scripts.ts';
import type { SentOutcome } from './sent-outcome.ts';

interface Options {
  redis: Redis;
  scripts: ReturnType<typeof broadcastScripts>;
  /** The consumer group that reads the streams. */
  group: string;
  /** Entries of all broadcasts of one bot that may be in its stream. */
  ahead: number;
  log: Logger;
}

export interface Feeder {
  /** Puts what there is room for into the bot's stream. */
  feed(name: BroadcastName): Promise<void>;
  /** The same, once there is room for half of what may be ahead: for whoever records outcomes one by one. */
  refill(name: BroadcastName, aheadNow: number): Promise<void>;
  /** Takes what is ahead of a cancelled broadcast and not being sent out of the stream; finds out what is gone. */
  withdraw(name: BroadcastName): Promise<void>;
  close(): Promise<void>;
}

const lookEveryMs = 500;
/** Each so many looks: for entries that somebody has removed from a stream. */
const withdrawEvery = 60;
const atOnce = 32;

const nameOf = (member: string): BroadcastName => {
  const at = member.indexOf(':');
  return { botId: Number(member.slice(0, at)), id: member.slice(at + 1) };
};

/**
 * Keeps a bounded number of each broadcast's entries in its bot's stream. Every replica of the sender does so, without an agreement
 * between them: a step is one script, which leaves no room for another. Broadcasts of one bot share the bound, and so its pace.
 */
export const startFeeder = ({ redis, scripts, group, ahead, log }: Options): Feeder => {
  /** Of each bot: how many broadcasts ran when they were last looked at. */
  let running = new Map<number, number>();
  let looks = 0;
  let stopped = false;
  let failing = false;

  const shareOf = (botId: number): number => Math.max(1, Math.floor(ahead / (running.get(botId) ?? 1)));
  const feed = async (name: BroadcastName) => (await scripts.feed(name, shareOf(name.botId)))[0];

  const withdraw = async (name: BroadcastName): Promise<void> => {
    const outcome = (status: SentOutcome['status'], details: string): string =>
      JSON.stringify({ status, details, at: Date.now() } satisfies SentOutcome);
    const cancelled = outcome('cancelled', 'The broadcast was cancelled.');
    const missing = outcome(
      'ambiguous',
      'Its entry is gone from the stream, and nobody told what became of it.',
    );
    const [, gone] = await scripts.withdraw(name, group, cancelled, missing);
    if (gone > 0) log.warn({ ...name, gone }, 'entries of a broadcast are gone from the stream');
  };

  const look = async (): Promise<void> => {
    const names = (await redis.smembers(redisKeys.bots.unfinishedBroadcasts)).map(nameOf);
    const counted = new Map<number, number>();
    looks += 1;
    for (let from = 0; from < names.length; from += atOnce) {
      const some = names.slice(from, from + atOnce);
      const states = await Promise.all(some.map(feed));
      for (const [index, { botId }] of some.entries())
        if (states[index] === 'running') counted.set(botId, (counted.get(botId) ?? 0) + 1);
      if (looks % withdrawEvery === 0) await Promise.all(some.map(withdraw));
    }
    running = counted;
  };

  let looking = Promise.resolve();
  const timer = setInterval(() => {
    if (stopped || redis.status !== 'ready') return;
    looking = looking.then(look).then(
      () => {
        failing = false;
      },
      (err: unknown) => {
        // One line an outage: it goes on with the next look.
        if (!failing) log.warn({ err }, 'broadcasts cannot be fed');
        failing = true;
      },
    );
  }, lookEveryMs);

  return {
    feed: async (name) => void (await feed(name)),
    refill: async (name, aheadNow) => {
      if (aheadNow * 2 <= shareOf(name.botId)) await feed(name);
    },
    withdraw,
    close: async () => {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
};
