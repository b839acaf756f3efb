import { type ConfirmChannel, IllegalOperationError, type Message, type Options } from 'amqplib';
import { pause } from './backoff.ts';
import { BrokerClosed, Unroutable } from './errors.ts';
import type { MessagingLogger } from './observers.ts';

/** A message as it leaves: it is always sent persistent and mandatory. */
export interface Outgoing {
  exchange: string;
  routingKey: string;
  body: Buffer;
  /** The event's type, for errors and metrics. */
  type: string;
  properties: Options.Publish;
  /** Resolve rather than reject with `Unroutable` where nobody listens. */
  optional?: boolean;
}

interface Entry {
  readonly message: Outgoing;
  /** The channel whose confirm is awaited; undefined while it has to be sent (again). */
  sentOn: ConfirmChannel | undefined;
  sentAt: number;
  returned: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** Sends with publisher confirms, up to `size` messages ahead of them. */
export interface ConfirmWindow {
  /**
   * Resolves once the broker has confirmed; waits while there is no channel or no room.
   * @throws {Unroutable} where no queue is bound. @throws {BrokerClosed}
   */
  send(message: Outgoing): Promise<void>;
  /** From now on this channel is used; all that is unconfirmed is sent again, in order, with the same ids. */
  attach(channel: ConfirmChannel): void;
  /** The channel is gone, and its confirms with it. */
  detach(): void;
  /** While paused nothing is sent: the broker has asked for that, and would not read it. */
  setPaused(paused: boolean): void;
  /** For how long the oldest message on the channel has been waiting for its confirm; 0 where none has, or while paused. */
  oldestUnconfirmedMs(): number;
  /** Resolves when nothing is waiting any more. */
  idle(): Promise<void>;
  /** Rejects all that is left, and all that comes. */
  close(): void;
}

/** After a negative confirm (a full queue, a fault of the broker) a message is sent again this much later. */
const afterNackMs = 500;

export const createConfirmWindow = (options: {
  size: number;
  log: MessagingLogger;
  signal: AbortSignal;
  onReturn: (type: string) => void;
}): ConfirmWindow => {
  const { size, log, signal, onReturn } = options;
  /** In the order in which they were admitted. */
  const unconfirmed = new Set<Entry>();
  /** Waiting for room; those before `head` have been admitted. */
  let waiting: Entry[] = [];
  let head = 0;
  let channel: ConfirmChannel | undefined;
  let paused = false;
  let closed = false;
  let resendPlanned = false;
  let idlers: (() => void)[] = [];

  const settle = (entry: Entry): void => {
    unconfirmed.delete(entry);
    const next = waiting[head];
    if (next) {
      head += 1;
      if (head === waiting.length || head > 10_000) {
        waiting = waiting.slice(head);
        head = 0;
      }
      admit(next);
    } else if (unconfirmed.size === 0) {
      for (const idler of idlers) idler();
      idlers = [];
    }
  };

  const resendLater = (): void => {
    if (resendPlanned) return;
    resendPlanned = true;
    void pause(afterNackMs, signal).then(() => {
      resendPlanned = false;
      sendUnsent();
    });
  };

  const transmit = (entry: Entry): void => {
    if (!channel || paused) return;
    const on = channel;
    const { exchange, routingKey, body, properties, type, optional } = entry.message;
    entry.sentOn = on;
    entry.sentAt = Date.now();
    entry.returned = false;
    try {
      on.publish(exchange, routingKey, body, properties, (error) => {
        if (entry.sentOn !== on) return;
        if (error) {
          // Refused, or the channel closed with it; in that case the next channel may well come sooner.
          entry.sentOn = undefined;
          resendLater();
          return;
        }
        if (entry.returned && !optional) entry.reject(new Unroutable(type, routingKey));
        else entry.resolve();
        settle(entry);
      });
    } catch (error) {
      entry.sentOn = undefined;
      // The channel is closing; the next one sends it.
      if (error instanceof IllegalOperationError) return;
      entry.reject(error);
      settle(entry);
    }
  };

  const admit = (entry: Entry): void => {
    unconfirmed.add(entry);
    transmit(entry);
  };

  const sendUnsent = (): void => {
    const unsent = [...unconfirmed].filter((entry) => entry.sentOn === undefined);
    if (unsent.length === 0) return;
    if (channel && !paused) log.info({ messages: unsent.length }, 'sending unconfirmed messages again');
    for (const entry of unsent) transmit(entry);
  };

  /** A return comes before the confirm of the same message, which confirms nothing but that it was read. */
  const markReturned = ({ fields, properties }: Message): void => {
    for (const entry of unconfirmed) {
      const { message } = entry;
      if (message.properties.messageId !== properties.messageId) continue;
      if (message.exchange !== fields.exchange || message.routingKey !== fields.routingKey) continue;
      entry.returned = true;
      onReturn(message.type);
    }
  };

  const detach = (): void => {
    channel = undefined;
    for (const entry of unconfirmed) entry.sentOn = undefined;
  };

  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new BrokerClosed());
          return;
        }
        const entry: Entry = { message, sentOn: undefined, sentAt: 0, returned: false, resolve, reject };
        if (unconfirmed.size < size) admit(entry);
        else waiting.push(entry);
      }),
    attach: (fresh) => {
      detach();
      channel = fresh;
      fresh.on('return', markReturned);
      sendUnsent();
    },
    detach,
    setPaused: (value) => {
      paused = value;
      if (paused) return;
      // The broker has only now begun to read again.
      for (const entry of unconfirmed) entry.sentAt = Date.now();
      sendUnsent();
    },
    oldestUnconfirmedMs: () => {
      if (!channel || paused) return 0;
      for (const entry of unconfirmed) if (entry.sentOn) return Date.now() - entry.sentAt;
      return 0;
    },
    idle: () =>
      unconfirmed.size === 0 ? Promise.resolve() : new Promise((resolve) => void idlers.push(resolve)),
    close: () => {
      closed = true;
      const left = [...unconfirmed, ...waiting.slice(head)];
      unconfirmed.clear();
      waiting = [];
      head = 0;
      for (const entry of left) {
        entry.sentOn = undefined;
        entry.reject(new BrokerClosed());
      }
      for (const idler of idlers) idler();
      idlers = [];
    },
  };
};
