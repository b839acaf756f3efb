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
import { type ChannelModel, type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';

const patience = { timeout: 150_000, interval: 50 };
const quiet: MessagingLogger = {
  ...{ debug: () => undefined, info: () => undefined },
  ...{ warn: () => undefined, error: () => undefined },
};

export const isStatus = ({ text, media }: WorldMessage) => !media && text.startsWith('… ');

/** A text that a message of the account's has had. */
interface Shown {
  readonly text: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

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
  let bare: Promise<{ model: ChannelModel; channel: ConfirmChannel }> | undefined;
  /** Bare amqplib, connected again where a test has stopped the broker meanwhile. */
  const opened = () => {
    bare ??= (async () => {
      const model = await connect(stack.rabbitmq.url);
      model.on('error', () => undefined);
      model.once('close', () => {
        bare = undefined;
      });
      return { model, channel: await model.createConfirmChannel() };
    })();
    return bare;
  };
  const broker = await connectBroker({ url: stack.rabbitmq.url, service: 'stage', log: quiet, redis });
  const heard: Envelope[] = [];
  const contracts = [telegramRaw, videoDownload, audioDownload, videoReady, telegramSent, telegramSendFailed];
  await broker.consume(
    { name: 'stage', bindings: contracts.map(({ type }) => type) },
    contracts.map((one: Contract) => handle(one, async (envelope) => void heard.push(envelope))),
  );

  const shown = new Map<WorldMessage, Shown[]>();
  const stopWatching = stack.world.on('event', ({ type, message, at }) => {
    if (message.from !== stack.account || type === 'delete') return;
    const { text } = message;
    shown.set(message, [...(shown.get(message) ?? []), { text, at }]);
  });

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
    /** Every message of the account's so far, also the deleted ones, with all texts that it has had. */
    shown: shown as ReadonlyMap<WorldMessage, readonly Shown[]>,
    /** Every text that a command's status message has had. */
    statuses: (command: WorldMessage): Shown[] =>
      [...shown]
        .filter(([{ replyTo, media }]) => replyTo === command && !media)
        .flatMap(([, texts]) => texts.filter(({ text }) => text.startsWith('… '))),
    /** Waits for the command's status message to read like that. */
    status: (command: WorldMessage, like: RegExp): Promise<WorldMessage> =>
      command.chat.waitFor(
        (message) => message.replyTo === command && isStatus(message) && like.test(message.text),
        { timeoutMs: 150_000 },
      ),
    /** Hears an event that fits, also one of the past. */
    hears: <C extends Contract>(of: C, fits: (data: DataOf<C>) => boolean = () => true) =>
      vi.waitFor(() => {
        for (const event of heard) if (isOf(of, event) && fits(event.data)) return event;
        throw new Error(`no ${of.type} that fits`);
      }, patience),
    /** Puts a body on the exchange, as anybody could. */
    put: async (body: Buffer | object, routingKey: string): Promise<void> => {
      const { channel } = await opened();
      channel.publish('heavy', routingKey, Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)), {
        persistent: true,
      });
      await channel.waitForConfirms();
    },
    /** Takes what is published with that key from now on. */
    takes: async (routingKey: string) => {
      const { channel } = await opened();
      const { queue } = await channel.assertQueue('', { exclusive: true });
      await channel.bindQueue(queue, 'heavy', routingKey);
      const taken: Envelope[] = [];
      await channel.consume(
        queue,
        (message) => message && taken.push(JSON.parse(message.content.toString()) as Envelope),
        { noAck: true },
      );
      return { taken, stop: async () => void (await channel.deleteQueue(queue)) };
    },
    /** The next dead letter of a queue. */
    deadLetter: (queue: string): Promise<GetMessage> =>
      vi.waitFor(async () => {
        const { channel } = await opened();
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
        { timeout: 150_000, interval: 300 },
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
    /** The lines of all services' logs that fit. */
    logLines: async (fits: (line: string) => boolean): Promise<string[]> => {
      const logs = await Promise.all(stack.services.map(({ logFile }) => readFile(logFile, 'utf8')));
      return logs.flatMap((log) => log.split('\n')).filter(fits);
    },
    /** No text that the account ever showed has a hole in it, no message has two answers, and no status message is left. */
    isInOrder: async (): Promise<void> => {
      await stage.idle();
      const texts = [...shown.values()].flat().map(({ text }) => text);
      const isOdd = (text: string) =>
        /undefined|\bNaN\b|\bnull\b|Infinity|\[object|^\s*\./u.test(text) || text.trim() === '';
      expect(texts.filter(isOdd)).toEqual([]);
      const own = [...shown.keys()].filter(({ deleted, replyTo }) => !deleted && replyTo !== undefined);
      const byCommand = Map.groupBy(own, ({ replyTo }) => replyTo);
      expect([...byCommand.values()].filter((all) => all.length > 1).map(String)).toEqual([]);
      expect(own.filter(isStatus).map(String)).toEqual([]);
      expect(stack.services.filter(({ running }) => !running).map(({ name }) => name)).toEqual([]);
      const isFatal = (line: string) => line.includes('"level":"fatal"') || line.includes('unhandled');
      expect(await stage.logLines(isFatal)).toEqual([]);
    },
    close: async (): Promise<void> => {
      stopWatching();
      await broker.close({ graceMs: 1000 });
      const open = await bare;
      await open?.model.close();
      redis.disconnect();
    },
  };
  return stage;
};

export type Stage = Awaited<ReturnType<typeof createStage>>;
