import { type BotStatus, botStreamGroup, redisKeys } from '@heavy/contracts';
import { loadAttempts } from './attempts.ts';
import { createBotApi } from './bot-api.ts';
import { type BotSource, createBotSource } from './bot-source.ts';
import { type Chat, type Item, pacesOf, type StreamName, streamNames } from './chat.ts';
import { createChats } from './chats.ts';
import { type Delivery, deliver, endUnlessMessage } from './deliver.ts';
import { loadFloods } from './floods.ts';
import { createLanes } from './lanes.ts';
import { BotLeaseLost } from './leases.ts';
import { clock, createLeastTrip, createPace, type Turn } from './pace.ts';
import { loadPace, savePace } from './saved-pace.ts';
import type { Entry, StreamReader } from './stream-reader.ts';
import { createTally } from './tally.ts';

/** Serves one bot for as long as its lease holds. */
export interface BotServer {
  readonly botId: number;
  status(): BotStatus;
  /** Chats that wait because Telegram asked for it. */
  waitingChats(): number;
  /** Why nothing can be sent; undefined where it can. */
  fault(): string | undefined;
  /** Lets what is on its way come to its end, for a short while, and stops. Does not give the lease back. */
  stop(): Promise<void>;
}

export interface BotServerOptions
  extends Pick<
    Delivery,
    'botId' | 'isSentLogs' | 'lease' | 'redis' | 'streams' | 'settings' | 'metrics' | 'log' | 'onOutcome'
  > {
  token: string;
  /** Name of this replica. */
  instance: string;
  reader: StreamReader;
}

const callsAtOnce = 100;
const stopWithinMs = 5000;
const statusEveryMs = 1000;
const sweepEveryMs = 30_000;
const longestDownMs = 30_000;
const refusedForMs = 60_000;
const kinds = { send_msg: 'send', edit_msg: 'edit', del_msg: 'delete' } as const;

export const serveBot = async (options: BotServerOptions): Promise<BotServer> => {
  const { botId, lease, redis, streams, settings, log, reader, instance } = options;
  const leastTrip = createLeastTrip();
  const rate = { count: settings.BOT_MESSAGES_PER_SECOND, windowMs: 1000, burst: 5 };
  const pace = createPace(rate, leastTrip.ms);
  /** Calls that a broadcast leaves free for regular messages while there are some now and then. */
  const keptFree = Math.floor(rate.count / 15);
  const [floods, saved, attempts] = await Promise.all([
    loadFloods(redis, botId),
    loadPace(redis, botId),
    loadAttempts(redis, streams, botId, lease),
  ]);
  saved.restoreBot(pace);
  const chats = createChats({ settings, leastTripMs: leastTrip.ms, floods, saved });
  const lanes = createLanes();
  const tallies = { sent: createTally(), failed: createTally(), tooManyRequests: createTally() };
  /** Entries in hand, those of them whose fields are kept, and whether reading stopped for want of room. */
  const held = {
    regular: { all: 0, whole: 0, full: false },
    broadcast: { all: 0, whole: 0, full: false },
  };

  let stopped = false;
  let underWay = 0;
  let onIdle: (() => void) | undefined;
  let downUntil = 0;
  let downTimes = 0;
  let fault: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const delivery: Delivery = {
    ...options,
    ...{ attempts, floods, pace },
    api: createBotApi(options.token, settings.BOT_API_ROOT, settings.BOT_CALL_TIMEOUT_MS),
    tell: (what) => tallies[what].add(),
    onTrip: leastTrip.add,
    link: (state, details) => {
      const before = fault;
      if (state === 'up') [fault, downTimes, downUntil] = [undefined, 0, 0];
      if (state === 'refused') {
        fault = `Telegram does not accept the bot’s token (${details ?? '401'}): add the bot again with a new one`;
        downUntil = clock() + refusedForMs;
      }
      if (state === 'unreached') {
        fault = details;
        downTimes += 1;
        downUntil = clock() + Math.min(longestDownMs, 500 * 2 ** Math.min(downTimes, 10));
      }
      if (fault !== before && fault) log.error({ botId, fault }, 'the bot cannot send');
      if (fault !== before && !fault) log.info({ botId }, 'the bot can send again');
    },
  };

  const isHeld = (): boolean => {
    try {
      lease.check();
      return true;
    } catch {
      // Its signal tells why.
      return false;
    }
  };
  /** Whether more of a stream is to be read: up to its part of memory, and past that while few chats could be served otherwise. */
  const hasRoom = (name: StreamName): boolean => {
    if (stopped || !isHeld()) return false;
    const { all } = held[name];
    if (all < settings.BOTS_READ_AHEAD) return true;
    if (all >= settings.BOTS_LOOK_PAST) return false;
    return lanes.servableBy(name, clock() + 1000) < Math.max(30, settings.BOT_MESSAGES_PER_SECOND);
  };
  const sources = Object.fromEntries(
    streamNames.map((name) => [
      name,
      createBotSource({
        ...{ redis, name, consumer: instance, stream: streams[name](botId) },
        hasRoom: () => {
          held[name].full = !hasRoom(name);
          return !held[name].full;
        },
        onEntry: (entry) => take(name, entry),
        onError: (err) => log.warn({ err, botId, stream: name }, 'pending messages were not claimed'),
      }),
    ]),
  ) as Record<StreamName, BotSource>;

  const leave = (name: StreamName, item: Item): void => {
    held[name].all -= 1;
    if (item.fields) held[name].whole -= 1;
    sources[name].forget(item.id);
    if (!held[name].full || !hasRoom(name)) return;
    held[name].full = false;
    sources[name].claim();
    reader.wake();
  };
  const failed = (err: unknown): void => {
    if (err instanceof BotLeaseLost) return;
    log.error({ err, botId }, 'a message could not be dealt with');
  };
  const take = (name: StreamName, [id, fields]: Entry): void => {
    held[name].all += 1;
    const item: Item = { stream: name, id, kind: 'send', sent: [], interrupted: false };
    underWay += 1;
    endUnlessMessage(delivery, item, fields)
      .then((message) => {
        if (!message) {
          leave(name, item);
          return;
        }
        item.kind = kinds[message.type];
        attempts.recall(item);
        if (held[name].whole < settings.BOTS_READ_AHEAD) {
          item.fields = fields;
          held[name].whole += 1;
        }
        const chat = chats.of(message);
        if (item.sent.length > 0) chat.partial = item;
        lanes.add(chat, item, clock());
        pump();
      })
      .catch(failed)
      .finally(landed);
  };
  const landed = (): void => {
    underWay -= 1;
    if (underWay === 0) onIdle?.();
  };

  const serve = async (chat: Chat, item: Item, turn: Turn): Promise<void> => {
    const fields = item.fields ?? (await sources[item.stream].load(item.id));
    const delivered = fields ? await deliver(delivery, chat, item, fields, turn) : 'ended';
    // Who deleted an entry wants nothing of it any more.
    if (!fields) await redis.xack(streams[item.stream](botId), botStreamGroup, item.id);
    lanes.done(chat, item, delivered === 'ended', clock());
    if (delivered === 'ended') leave(item.stream, item);
  };

  const pump = (): void => {
    clearTimeout(timer);
    while (!stopped && underWay < callsAtOnce) {
      const now = clock();
      const at = Math.max(downUntil, floods.botUntil, pace.readyAt(now));
      const plentyAt = pace.readyAt(now, keptFree);
      const next = at > now ? undefined : lanes.next(now, plentyAt > now);
      if (!next) {
        wakeAt(
          at > now ? at : Math.min(lanes.nextAt(), plentyAt > now ? plentyAt : Number.POSITIVE_INFINITY),
        );
        return;
      }
      const { chat, item } = next;
      const turn: Turn = { sentAt: now };
      for (const one of [pace, ...pacesOf(chat, item)]) one.take(turn);
      underWay += 1;
      serve(chat, item, turn)
        .catch((err: unknown) => {
          failed(err);
          chat.waitUntil = clock() + 1000;
          lanes.done(chat, item, false, clock());
        })
        .finally(() => {
          landed();
          pump();
        });
    }
  };
  const wakeAt = (at: number): void => {
    if (!Number.isFinite(at)) return;
    timer = setTimeout(pump, Math.min(60_000, Math.max(0, at - clock())));
  };

  const status = (): BotStatus => {
    const waitsUntil = Math.max(floods.botUntil, downUntil);
    return {
      ...{ botId, holder: instance, at: Date.now() },
      sentLastMinute: tallies.sent.count(),
      failedLastMinute: tallies.failed.count(),
      tooManyRequestsLastMinute: tallies.tooManyRequests.count(),
      ...(waitsUntil > clock() ? { waitsUntil: Math.ceil(waitsUntil) } : {}),
      waitingChats: floods
        .waiting()
        .slice(0, 20)
        .map(({ chatKey, until }) => ({
          chatId: /^-?[0-9]+$/.test(chatKey) ? Number(chatKey) : chatKey,
          until: Math.ceil(until),
        })),
    };
  };
  const report = setInterval(() => {
    chats.prune();
    redis
      .set(redisKeys.bots.status(botId), JSON.stringify(status()), 'PX', 10_000)
      .then(() => savePace(redis, botId, pace, chats.all()))
      .catch((err: unknown) => log.warn({ err, botId }, 'the bot’s status was not written'));
  }, statusEveryMs);

  // What was handed to this replica and did not arrive.
  const sweep = setInterval(() => {
    for (const source of Object.values(sources)) source.reclaim();
  }, sweepEveryMs);

  const halt = async (): Promise<void> => {
    stopped = true;
    clearTimeout(timer);
    clearInterval(report);
    clearInterval(sweep);
    for (const source of Object.values(sources)) source.close();
    await Promise.all(Object.values(sources).map(reader.remove));
    if (underWay > 0)
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, stopWithinMs);
        onIdle = () => {
          clearTimeout(limit);
          resolve();
        };
      });
    if (isHeld())
      await savePace(redis, botId, pace, chats.all()).catch((err: unknown) =>
        log.warn({ err, botId }, 'the bot’s pace was not kept'),
      );
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= halt();
    return stopping;
  };
  lease.signal.addEventListener('abort', () => void stop(), { once: true });

  await Promise.all(Object.values(sources).map((source) => source.open()));
  if (lease.signal.aborted) await stop();
  else for (const source of Object.values(sources)) reader.add(source);
  return { botId, status, waitingChats: () => floods.waiting().length, fault: () => fault, stop };
};
