import {
  commandCorrelationId,
  type DataOf,
  exchange,
  type LogRecord,
  logRoutingKey,
  logsExchange,
  type telegramRaw,
  type telegramSent,
} from '@heavy/contracts';
import amqp from 'amqplib';

const keyOf = (chatId: number, messageId: number) => `${chatId}:${messageId}`;

/** Correlation ids as they travelled: read off the events of the gateway and of the sender, and off the gateway's log. */
export interface CorrelationTap {
  /** The id that this message was published or sent with; null where it was refused, and where none was seen within `withinMs`. */
  of(chatId: number, messageId: number, withinMs: number): Promise<string | null>;
  /** Resolves once the gateway has refused that command, of which nobody else hears anything. */
  refused(chatId: number, messageId: number): Promise<void>;
  close(): Promise<void>;
}

/** Nothing is said: the sender may not use it, or has been told already that it was too much. */
const isRefusal = ({ step, code, told }: LogRecord): boolean =>
  step === 'refused' || (step === 'failed' && code === 'rate_limited' && told === false);

/** Listens on a queue of its own, which ends with the connection. */
export const tapCorrelation = async (rabbitmqUrl: string, account: number): Promise<CorrelationTap> => {
  const seen = new Map<string, string>();
  const refusals = new Map<string, PromiseWithResolvers<void>>();
  /** Log lines name a command by its correlation id alone. */
  const refusalOf = (correlationId: string): PromiseWithResolvers<void> => {
    const refusal = refusals.get(correlationId) ?? Promise.withResolvers<void>();
    refusals.set(correlationId, refusal);
    return refusal;
  };
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
  await channel.assertExchange(logsExchange, 'topic', { durable: true });
  await channel.bindQueue(queue, logsExchange, logRoutingKey('gateway', 'info'));

  const note = (key: string, correlationId: string) => {
    seen.set(key, correlationId);
    for (const wake of waiting.get(key) ?? []) wake();
  };
  await channel.consume(
    queue,
    (message) => {
      if (!message) return;
      const body = JSON.parse(message.content.toString('utf8'));
      if (message.fields.exchange === logsExchange) {
        const { correlationId } = body as LogRecord;
        if (correlationId !== undefined && isRefusal(body)) refusalOf(correlationId).resolve();
        return;
      }
      const { type, correlationid, data } = body;
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

  const refused = (chatId: number, messageId: number) =>
    refusalOf(commandCorrelationId({ account, chatId, messageId })).promise;

  return {
    refused,
    of: async (chatId, messageId, withinMs) => {
      const key = keyOf(chatId, messageId);
      if (!seen.has(key)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const wakes = waiting.get(key) ?? new Set();
        waiting.set(key, wakes.add(resolve));
        const timer = setTimeout(resolve, withinMs);
        await Promise.race([promise, refused(chatId, messageId)]);
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
