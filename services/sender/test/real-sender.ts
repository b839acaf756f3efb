import { queues, redisKeys, telegramSendFailed, telegramSent } from '@heavy/contracts';
import {
  type LocalTelegram,
  startLocalTelegram,
  type WorldChat,
  type WorldUser,
} from '@heavy/local-telegram';
import { type Broker, connectBroker, handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { createVhost } from '@heavy/stack';
import { createAccount, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { inject, vi } from 'vitest';
import { senderHandlers } from '../src/handlers.ts';
import { createPace, type PaceSettings } from '../src/pace/pace.ts';
import { createPaceStore } from '../src/pace/pace-store.ts';
import { createStrangers, type Strangers } from '../src/strangers.ts';
import { quiet, splitter, store } from './fixture.ts';

/** What the sender reported of a command. */
type Report = { commandId: string; messageIds?: number[]; error?: string };

interface RealSender {
  account: TelegramAccount;
  strangers: Strangers;
  stop: (how?: { graceMs: number }) => Promise<void>;
}

/** Real servers, a data centre with one account, and senders of it: one at a time, since they share a session. */
export const createRealWorld = async () => {
  const vhost = await createVhost(inject('rabbitmq'));
  const redis = new Redis(inject('redis').url, { db: 12, maxRetriesPerRequest: null });
  await redis.flushdb();
  const dc: LocalTelegram = await startLocalTelegram();
  const heavy = dc.world.addUser('heavy');
  const session = dc.world.mintSession(heavy);
  const alice = dc.world.addUser('alice');
  const reports: Report[] = [];
  const brokers: Broker[] = [];
  let putOffs = 0;
  const errors: string[] = [];
  const log = {
    ...quiet,
    info: (_: unknown, message?: string) => {
      if (message?.startsWith('put off')) putOffs += 1;
    },
    error: (_: unknown, message?: string) => void errors.push(message ?? ''),
  } satisfies Partial<Logger> as Partial<Logger> as Logger;
  const brokerFor = async (service: string) => {
    const broker = await connectBroker({
      ...{ url: vhost.url, service, log, redis, retryDelaysMs: [200, 1000] },
    });
    brokers.push(broker);
    return broker;
  };
  const asker = await brokerFor('test');
  await asker.consume({ name: 'reports', bindings: [telegramSent.type, telegramSendFailed.type] }, [
    handle(telegramSent, async ({ data }) => void reports.push(data)),
    handle(telegramSendFailed, async ({ data }) => void reports.push(data)),
  ]);
  const running = new Set<RealSender>();

  const startSender = async ({
    fence = () => undefined,
    ...settings
  }: Partial<PaceSettings> & { fence?: () => void } = {}): Promise<RealSender> => {
    const account = createAccount({
      ...{ session, apiId: 1, apiHash: 'x', endpoint: dc.endpoint, log: quiet, fence },
    });
    const { id } = await account.connect();
    const pace = createPace({
      settings: { rate: 0, ratePerChat: 0, ...settings },
      store: createPaceStore(redis, id),
      log: quiet,
    });
    const strangers = createStrangers({ account, redis, pauseMs: 60_000, log });
    await Promise.all([pace.load(), strangers.load()]);
    const handlers = senderHandlers({
      ...{ account, store, splitter, redis, log, pace, strangers },
      ...{ statusIntervalMs: 0, callsAtOnce: 2, uploadsAtOnce: 1 },
    });
    const broker = await brokerFor('sender');
    await broker.consume(queues.sender, handlers, { prefetch: 4096 });
    const sender: RealSender = {
      account,
      strangers,
      stop: async (how = { graceMs: 10_000 }) => {
        running.delete(sender);
        await broker.close(how);
        await account.close();
      },
    };
    running.add(sender);
    return sender;
  };

  return {
    ...{ dc, redis, heavy, alice, reports, asker, startSender },
    /** What a sender in a process of its own needs. */
    order: { session, endpoint: dc.endpoint, amqpUrl: vhost.url, redisUrl: `${inject('redis').url}/12` },
    /** What senders have logged at that level. */
    errors,
    /** How often a message was given back to the queue because it would have to wait for long. */
    putOffs: () => putOffs,
    paceKey: redisKeys.pace(heavy.id),
    /** A chat of the account with somebody who has written to it there. */
    chatWith: (user: WorldUser): { chat: WorldChat; origin: ReturnType<typeof originIn> } => {
      const message = user.in(heavy).says('hello');
      return { chat: message.chat, origin: originIn(message.chat, message.idFor(heavy), user.id) };
    },
    supergroup: (title: string) => {
      const chat = dc.world.addSupergroup(title, { members: [alice, heavy] });
      const message = alice.in(chat).says('hello');
      return { chat, origin: originIn(chat, message.idFor(heavy), alice.id) };
    },
    /** Waits until the sender has reported each of these commands, and says how. */
    reported: (commandIds: readonly string[], timeout = 60_000): Promise<Report[]> =>
      vi.waitFor(
        () =>
          commandIds.map((id) => {
            const report = reports.find(({ commandId }) => commandId === id);
            if (!report) throw new Error(`no report of ${id}`);
            return report;
          }),
        { timeout, interval: 20 },
      ),
    textsIn: (chat: WorldChat): string[] =>
      chat
        .messages()
        .filter(({ from }) => from === heavy)
        .map(({ text }) => text),
    close: async () => {
      await Promise.all([...running].map((sender) => sender.stop({ graceMs: 0 })));
      await Promise.all(brokers.map((broker) => broker.close({ graceMs: 0 })));
      redis.disconnect();
      await vhost.drop();
      await dc.close();
    },
  };

  function originIn(chat: WorldChat, messageId: number, userId: number) {
    return { account: heavy.id, chatId: chat.markedIdFor(heavy), messageId, userId };
  }
};
