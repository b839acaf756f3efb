import { randomUUID } from 'node:crypto';
import { redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { type Moment, moment } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { botsScript } from './script.ts';
import { shareOut } from './share-out.ts';

/** The bot is not this replica's any more: nothing may be sent for it. */
export class BotLeaseLost extends Error {
  override readonly name = 'BotLeaseLost';
}

/** The right to serve a bot, or to read the control stream: one replica has it at a time. */
export interface BotLease {
  /** Aborts once it is lost or given back. */
  readonly signal: AbortSignal;
  /** What Redis has as its holder. */
  readonly holder: string;
  /**
   * The fence before whatever others can see, by the clock and not by a timer: a process that was frozen finds out before it sends.
   * @throws {BotLeaseLost}
   */
  check(): void;
  /** Gives it back: another replica has it as soon as it looks. */
  release(): Promise<void>;
}

export interface BotLeasesOptions {
  redis: Redis;
  /** Name of this replica. */
  instance: string;
  leaseMs: number;
  log: Logger;
  /** A bot is this replica's from now on. */
  onTaken(botId: number, lease: BotLease): void;
  /** Another replica should have it: to be stopped and released. */
  onGive(botId: number): void;
  /** The control stream is this replica's from now on. */
  onControl(lease: BotLease): void;
  /** What bots there are, as they stand in the registry; at each turn. */
  onRegistry(bots: ReadonlyMap<number, string>): void;
}

export interface BotLeases {
  /** Takes a turn now, rather than when it is due. */
  hurry(): Promise<void>;
  /** When Redis last answered. */
  readonly lastTurn: Moment;
  /** Takes no further ones; what is held is prolonged still. */
  resign(): Promise<void>;
  /** After `resign`: gives back what is left. */
  close(): Promise<void>;
}

type Subject = number | 'control';
interface Held {
  sent: Moment;
  over: AbortController;
}

/** A part of a lease's length for which it is certain, and how often it is prolonged. */
const parts = { certainty: 0.5, turn: 0.1 };
const { bots } = redisKeys;
const leasePrefix = bots.lease('control').slice(0, -'control'.length);
const tick = botsScript<[string[], string[], string[], string]>('tick');
const releaseScript = botsScript<null>('release');

/**
 * Shares the bots out among the replicas: each takes its turn once a second (a tenth of a lease), prolongs what it has, takes what is
 * free and hands over what is too much.
 */
export const createBotLeases = (options: BotLeasesOptions): BotLeases => {
  const { redis, leaseMs, log } = options;
  // A replica that is started anew under its old name is another one: it does not know what the old one was about.
  const me = `${options.instance} ${randomUUID()}`;
  const certainMs = leaseMs * parts.certainty;
  const held = new Map<Subject, Held>();
  let lastTurn = moment();
  let resigned = false;
  let running: Promise<void> | undefined;

  const lose = (subject: Subject, why: string): void => {
    held.get(subject)?.over.abort(new BotLeaseLost(why));
    held.delete(subject);
  };
  const isCertain = (subject: Subject, one: Held): boolean => {
    if (one.over.signal.aborted) return false;
    if (one.sent.agoMs() < certainMs) return true;
    lose(subject, `the lease was not prolonged for ${certainMs} ms`);
    return false;
  };
  const leaseOf = (subject: Subject, one: Held): BotLease => ({
    signal: one.over.signal,
    holder: me,
    check: () => {
      isCertain(subject, one);
      one.over.signal.throwIfAborted();
    },
    release: async () => {
      const now = held.get(subject);
      // It was lost, and taken anew.
      if (now && now !== one) return;
      if (now) lose(subject, 'the lease was given back');
      await releaseScript(redis, [bots.lease(subject)], [me]);
    },
  });

  /** One look at how all stands; returns bots that are free and should be this replica's. */
  const look = async (take: readonly number[]): Promise<number[]> => {
    const sent = moment();
    const wanted = new Set<Subject>([...(resigned ? [] : ['control' as const, ...take]), ...held.keys()]);
    const [replicas, registry, holders, control] = await tick(
      redis,
      [bots.replicas, bots.registry],
      [me, leaseMs, resigned ? 0 : 1, leasePrefix, ...wanted],
    );
    lastTurn = sent;
    for (const [subject, one] of held) isCertain(subject, one);
    // An answer that comes as late as this holds nothing any more.
    if (sent.agoMs() >= certainMs) return [];

    const known = new Map<number, string>();
    const holderOf = new Map<number, string | undefined>();
    for (let at = 0; at < registry.length; at += 2) {
      const botId = Number(registry[at]);
      known.set(botId, registry[at + 1] ?? '');
      holderOf.set(botId, holders[at / 2] || undefined);
    }
    const mine = (subject: Subject): boolean =>
      (subject === 'control' ? control : holderOf.get(subject)) === me;
    for (const [subject, one] of held)
      if (mine(subject)) one.sent = sent;
      else lose(subject, 'another replica has it, or it was removed');
    options.onRegistry(known);
    for (const subject of wanted) {
      if (held.has(subject) || !mine(subject)) continue;
      const one: Held = { sent, over: new AbortController() };
      held.set(subject, one);
      if (subject === 'control') options.onControl(leaseOf(subject, one));
      else options.onTaken(subject, leaseOf(subject, one));
    }
    if (resigned) return [];
    const share = shareOut({ me, replicas, holders: holderOf });
    for (const botId of share.give) options.onGive(botId);
    // Those that were lost by the clock and that nobody else has taken are this replica's still.
    const lost = [...holderOf].filter(([botId, holder]) => holder === me && !held.has(botId));
    return [...share.take, ...lost.map(([botId]) => botId)];
  };

  const turn = async (): Promise<void> => {
    try {
      const take = await look([]);
      if (take.length > 0) await look(take);
    } catch (err) {
      log.warn({ err }, 'the bots’ leases were not prolonged');
    }
  };
  const hurry = (): Promise<void> => {
    running ??= turn().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void hurry(), Math.max(50, leaseMs * parts.turn));
  // Certainty ends by itself, also while no answer comes.
  const watch = setInterval(
    () => {
      for (const [subject, one] of held) isCertain(subject, one);
    },
    Math.max(20, leaseMs / 50),
  );

  return {
    hurry,
    get lastTurn() {
      return lastTurn;
    },
    resign: async () => {
      resigned = true;
      await running;
      await hurry();
    },
    close: async () => {
      clearInterval(timer);
      clearInterval(watch);
      await running;
      for (const [subject, one] of held) await leaseOf(subject, one).release();
    },
  };
};
