import { type DataOf, exchange, type telegramRaw, type telegramSent } from '@heavy/contracts';
import amqp from 'amqplib';

const keyOf = (chatId: number, messageId: number) => `${chatId}:${messageId}`;

/** Correlation ids as they travelled: read off the events of the gateway and of the sender. */
export interface CorrelationTap {
  /** The id that this message was published or sent with; null where none was seen within `withinMs`. */
  of(chatId: number, messageId: number, withinMs: number): Promise<string | null>;
  close(): Promise<void>;
}

/** Listens on a queue of its own, which ends with the connection. */
export const tapCorrelation = async (rabbitmqUrl: string): Promise<CorrelationTap> => {
  const seen = new Map<string, string>();
  const waiting = new Map<string, Set<() => void>>();
  const connection = await amqp.connect(rabbitmqUrl);
  // A broker that goes away only ends the tap.
  connection.on('error', () => undefined);
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  await channel.assertExchange(exchange, 'topic', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true });
  for (const type of ['events.telegram.raw', 'events.telegram.sent'])
    await channel.bindQueue(queue, exchange, type);

  const note = (key: string, correlationId: string) => {
    seen.set(key, correlationId);
    for (const wake of waiting.get(key) ?? []) wake();
  };
  await channel.consume(
    queue,
    (message) => {
      if (!message) return;
      const { type, correlationid, data } = JSON.parse(message.content.toString('utf8'));
      if (type === 'events.telegram.raw') {
        const { chat, message: typed } = data as DataOf<typeof telegramRaw>;
        note(keyOf(chat.id, typed.id), correlationid);
      } else {
        const { chatId, messageIds } = data as DataOf<typeof telegramSent>;
        for (const id of messageIds) note(keyOf(chatId, id), correlationid);
      }
    },
    { noAck: true },
  );

  return {
    of: async (chatId, messageId, withinMs) => {
      const key = keyOf(chatId, messageId);
      if (!seen.has(key)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const wakes = waiting.get(key) ?? new Set();
        waiting.set(key, wakes.add(resolve));
        const timer = setTimeout(resolve, withinMs);
        await promise;
        clearTimeout(timer);
        wakes.delete(resolve);
      }
      return seen.get(key) ?? null;
    },
    close: async () => {
      await connection.close().catch(() => undefined);
    },
  };
};
