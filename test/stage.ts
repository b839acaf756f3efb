import { readdir, readFile } from 'node:fs/promises';
import {
  audioDownload,
  type Contract,
  type DataOf,
  deadQueueName,
  type Envelope,
  isOf,
  telegramRaw,
  telegramSendFailed,
  telegramSent,
  videoDownload,
  videoReady,
} from '@heavy/contracts';
import type { WorldChat, WorldMessage } from '@heavy/local-telegram';
import { connectBroker, handle, type MessagingLogger } from '@heavy/messaging';
import type { Stack } from '@heavy/stack';
import { type ChannelModel, connect, type GetMessage } from 'amqplib';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';

const patience = { timeout: 60_000, interval: 50 };
const quiet: MessagingLogger = {
  ...{ debug: () => undefined, info: () => undefined },
  ...{ warn: () => undefined, error: () => undefined },
};

export const isStatus = ({ text, media }: WorldMessage) => !media && text.startsWith('… ');

/** Running processes whose command line contains that. */
const processesWith = async (text: string): Promise<string[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  // A process may end between the two looks.
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
};

/** What a test needs of a running stack: it hears the events, speaks to the queues, and waits for what the chats show. */
export const createStage = async (stack: Stack) => {
  const redis = new Redis(stack.redis.url, { maxRetriesPerRequest: null });
  // Tests stop the servers under it; it connects again by itself.
  redis.on('error', () => undefined);
  const bare: ChannelModel = await connect(stack.rabbitmq.url);
  bare.on('error', () => undefined);
  const channel = await bare.createConfirmChannel();
  const broker = await connectBroker({ url: stack.rabbitmq.url, service: 'stage', log: quiet, redis });
  const heard: Envelope[] = [];
  const contracts = [telegramRaw, videoDownload, audioDownload, videoReady, telegramSent, telegramSendFailed];
  await broker.consume(
    { name: 'stage', bindings: contracts.map(({ type }) => type) },
    contracts.map((one: Contract) => handle(one, async (envelope) => void heard.push(envelope))),
  );

  /** What the account has answered to a message, or, where that was deleted, nothing. */
  const answers = (command: WorldMessage): WorldMessage[] =>
    command.chat.messages().filter(({ replyTo, from }) => replyTo === command && from === stack.account);

  const queueLengths = async (): Promise<Map<string, number>> => {
    const { username, password, origin } = new URL(stack.rabbitmq.managementUrl);
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const response = await fetch(`${origin}/api/queues`, { headers: { authorization } });
    const queues = (await response.json()) as { name: string; messages?: number }[];
    return new Map(queues.map(({ name, messages = -1 }) => [name, messages]));
  };

  const stage = {
    broker,
    heard,
    answers,
    /** Hears an event that fits, also one of the past. */
    hears: <C extends Contract>(of: C, fits: (data: DataOf<C>) => boolean = () => true) =>
      vi.waitFor(() => {
        for (const event of heard) if (isOf(of, event) && fits(event.data)) return event;
        throw new Error(`no ${of.type} that fits`);
      }, patience),
    /** Puts a body on the exchange, as anybody could. */
    put: async (body: Buffer | object, routingKey: string): Promise<void> => {
      channel.publish('heavy', routingKey, Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)), {
        persistent: true,
      });
      await channel.waitForConfirms();
    },
    /** The next dead letter of a queue. */
    deadLetter: (queue: string): Promise<GetMessage> =>
      vi.waitFor(async () => {
        const message = await channel.get(deadQueueName(queue), { noAck: true });
        if (!message) throw new Error(`no dead letter of ${queue}`);
        return message;
      }, patience),
    /** Waits until the sender has said that this message is in the chat: then it is through with the command. */
    saidSo: (answer: WorldMessage) => {
      const { chatId, messageId } = stage.originOf(answer);
      return stage.hears(
        telegramSent,
        (sent) => sent.chatId === chatId && sent.messageIds.includes(messageId),
      );
    },
    /** No message is queued or unacknowledged any more, as far as the broker knows: it counts every few seconds. */
    idle: () =>
      vi.waitFor(
        async () => {
          const busy = [...(await queueLengths())].filter(([name, n]) => name !== 'logger' && n !== 0);
          expect(busy.filter(([name]) => !name.endsWith('.dead'))).toEqual([]);
        },
        { timeout: 60_000, interval: 300 },
      ),
    /** Waits until the command has ended, and says what it ended in. */
    answer: async (command: WorldMessage): Promise<WorldMessage> => {
      const ended = () => {
        const all = answers(command);
        expect(all.map(String)).toHaveLength(1);
        expect(all.filter(isStatus).map(String)).toEqual([]);
        return all[0]!;
      };
      return vi.waitFor(ended, patience);
    },
    /** The one answer of a command, after everything is over. */
    onlyAnswer: async (command: WorldMessage): Promise<WorldMessage> => {
      await stage.saidSo(await stage.answer(command));
      await stage.idle();
      return stage.answer(command);
    },
    /** A command's origin, as services name it. */
    originOf: (message: WorldMessage) => ({
      account: stack.account.id,
      chatId: message.chat.markedIdFor(stack.account),
      messageId: message.idFor(stack.account),
      userId: message.from.id,
    }),
    /** Waits until all that was typed in a chat so far has been dealt with by the gateway. */
    pastGateway: async (chat: WorldChat): Promise<void> => {
      const marker = stack.world.user('alice').in(chat).says('.vdl marker');
      const id = marker.idFor(stack.account);
      await stage.hears(telegramRaw, ({ message }) => message.id === id && message.text === '.vdl marker');
      await stage.answer(marker);
    },
    /** The requests that the site had for an address, its query included. */
    requestsFor: (address: string) =>
      stack.site.requests.filter(({ path, query }) => `${stack.site.url}${path}${query}` === address),
    processesWith,
    close: async (): Promise<void> => {
      await broker.close({ graceMs: 1000 });
      // A test may have stopped the broker meanwhile, and this connection with it.
      await bare.close().catch(() => undefined);
      redis.disconnect();
    },
  };
  return stage;
};

export type Stage = Awaited<ReturnType<typeof createStage>>;
