import { within } from '@heavy/timing';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StreamName } from './chat.ts';

export type Ending = 'sent' | 'failed' | 'ambiguous' | 'malformed';

/** What is measured of the bots. */
export interface BotMetrics {
  ended(botId: number, ending: Ending): void;
  /** From the entry's time to its outcome. */
  waited(stream: StreamName, ms: number): void;
  tooManyRequests(botId: number, scope: 'chat' | 'bot'): void;
  /** A bot left this replica. */
  forget(botId: number): void;
}

export interface BotMetricsOptions {
  registry: Registry | undefined;
  /** Bots that are served here. */
  served: () => number;
  /** How long their queues are; asked for whenever metrics are read. */
  lengths: () => Promise<{ botId: number; stream: StreamName; length: number }[]>;
  /** Chats that wait because Telegram asked for it. */
  waitingChats: () => { botId: number; chats: number }[];
}

const patienceMs = 1000;

/** What Redis says; undefined where it says nothing for a while, so that the metrics of a service do not wait for it. */
export const soon = <T>(answer: Promise<T>): Promise<T | undefined> =>
  within(answer, patienceMs, () => new Error('Redis does not answer')).catch(() => undefined);

const secondsBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

export const createBotMetrics = ({ registry, ...now }: BotMetricsOptions): BotMetrics => {
  const registers = registry ? [registry] : [];
  const messages = new Counter({
    name: 'heavy_bot_messages_total',
    help: 'Messages of a bot that have an outcome, by outcome',
    labelNames: ['bot', 'outcome'],
    registers,
  });
  const refusals = new Counter({
    name: 'heavy_bot_too_many_requests_total',
    help: 'Answers 429 to a bot, by what they were taken to be about: a chat, or the bot',
    labelNames: ['bot', 'scope'],
    registers,
  });
  const waits = new Histogram({
    name: 'heavy_bot_message_seconds',
    help: 'Seconds from the entry in the stream to the outcome of the message, by stream',
    labelNames: ['stream'],
    buckets: secondsBuckets,
    registers,
  });
  new Gauge({
    name: 'heavy_bots_served',
    help: 'Bots that this replica serves',
    registers,
    collect() {
      this.set(now.served());
    },
  });
  new Gauge({
    name: 'heavy_bot_queue_length',
    help: 'Entries in the stream of a bot that this replica serves',
    labelNames: ['bot', 'stream'],
    registers,
    async collect() {
      const lengths = await soon(now.lengths());
      this.reset();
      for (const { botId, stream, length } of lengths ?? []) this.set({ bot: botId, stream }, length);
    },
  });
  new Gauge({
    name: 'heavy_bot_waiting_chats',
    help: 'Chats of a bot that wait because Telegram asked for it',
    labelNames: ['bot'],
    registers,
    collect() {
      this.reset();
      for (const { botId, chats } of now.waitingChats()) this.set({ bot: botId }, chats);
    },
  });

  const endings: Ending[] = ['sent', 'failed', 'ambiguous', 'malformed'];
  return {
    ended: (botId, outcome) => messages.inc({ bot: botId, outcome }),
    waited: (stream, ms) => waits.observe({ stream }, Math.max(0, ms) / 1000),
    tooManyRequests: (botId, scope) => refusals.inc({ bot: botId, scope }),
    forget: (botId) => {
      for (const outcome of endings) messages.remove({ bot: botId, outcome });
      for (const scope of ['chat', 'bot']) refusals.remove({ bot: botId, scope });
    },
  };
};
