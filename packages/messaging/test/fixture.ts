import { randomUUID } from 'node:crypto';
import { createServer, connect as dial, type Socket } from 'node:net';
import {
  type DataOf,
  deadQueueName,
  envelope,
  type QueueDefinition,
  type telegramEdit,
  telegramReply,
} from '@heavy/contracts';
import { createVhost, freePort } from '@heavy/stack';
import { type ChannelModel, connect, type GetMessage } from 'amqplib';
import { Redis } from 'ioredis';
import { inject, onTestFinished, vi } from 'vitest';
import { type Broker, type BrokerOptions, connectBroker, type MessagingLogger } from '../src/index.ts';

export interface LoggedLine {
  level: keyof MessagingLogger;
  details: Record<string, unknown>;
  message: string;
}

export interface World {
  /** The vhost's AMQP address. */
  url: string;
  vhost: string;
  redis: Redis;
  lines: LoggedLine[];
  /** A broker of its own connections, closed with the test. */
  broker(options?: Partial<BrokerOptions>): Promise<Broker>;
  /** Bare amqplib, closed with the test. */
  bare(): Promise<ChannelModel>;
  /** The next message of a queue, as soon as there is one. */
  take(queue: string): Promise<GetMessage>;
  /** Puts a body on the exchange, as somebody else's software would. */
  put(body: Buffer, routingKey: string, properties?: { messageId?: string; headers?: object }): Promise<void>;
}

export const queue: QueueDefinition = {
  name: 'worker',
  bindings: ['commands.telegram.reply', 'commands.telegram.edit'],
};

export const origin = { account: 1, chatId: -100, messageId: 7, userId: 2 };

export const reply = (text: string): DataOf<typeof telegramReply> => ({ origin, text });
export const edit = (text: string): DataOf<typeof telegramEdit> => ({
  target: { account: 1, chatId: -100, messageId: 7 },
  text,
});

export const replyEnvelope = (text: string, id: string = randomUUID()) =>
  envelope(telegramReply, reply(text), { source: 'test', correlationId: randomUUID(), id });

export const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** A world of its own for the running test: vhost, Redis connection, brokers; all gone when it ends. */
export const createWorld = async (url?: string): Promise<World> => {
  const vhost =
    url === undefined ? await createVhost(inject('rabbitmq')) : { url, name: '/', drop: async () => {} };
  const redis = new Redis(inject('redis').url);
  const lines: LoggedLine[] = [];
  const write =
    (level: keyof MessagingLogger) =>
    (details: object, message: string): void =>
      void lines.push({ level, details: { ...details }, message });
  const log: MessagingLogger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  const ends: (() => Promise<unknown>)[] = [];
  onTestFinished(async () => {
    await Promise.allSettled(ends.map((end) => end()));
    redis.disconnect();
    await vhost.drop();
  });

  let shared: Promise<ChannelModel> | undefined;
  const bare = async (): Promise<ChannelModel> => {
    const model = await connect(vhost.url);
    model.on('error', () => undefined);
    ends.push(() => model.close());
    return model;
  };
  const channel = async () => {
    shared ??= bare();
    const one = await (await shared).createConfirmChannel();
    one.on('error', () => undefined);
    return one;
  };

  return {
    url: vhost.url,
    vhost: vhost.name,
    redis,
    lines,
    bare,
    broker: async (options = {}) => {
      const broker = await connectBroker({
        ...{ url: vhost.url, service: 'test', log, redis, retryDelaysMs: [100, 200] },
        ...options,
      });
      ends.push(() => broker.close({ graceMs: 0 }));
      return broker;
    },
    take: async (name) => {
      const one = await channel();
      const message = await vi.waitFor(
        async () => {
          const got = await one.get(name, { noAck: true });
          if (!got) throw new Error(`${name} is empty`);
          return got;
        },
        { interval: 20 },
      );
      await one.close();
      return message;
    },
    put: async (body, routingKey, properties = {}) => {
      const one = await channel();
      one.publish('heavy', routingKey, body, { persistent: true, mandatory: true, ...properties });
      await one.waitForConfirms();
      await one.close();
    },
  };
};

export const dead = deadQueueName(queue.name);

const management = async (path: string, method: 'GET' | 'DELETE' = 'GET'): Promise<unknown> => {
  const address = new URL(path, inject('rabbitmq').managementUrl);
  const credentials = btoa(`${address.username}:${address.password}`);
  address.username = '';
  address.password = '';
  const response = await fetch(address, { method, headers: { authorization: `Basic ${credentials}` } });
  return method === 'GET' ? response.json() : response.body?.cancel();
};

/** Closes the connections of this name through the management interface, as an operator would. */
export const killConnections = async (vhost: string, name: string): Promise<void> => {
  const found = await vi.waitFor(
    async () => {
      const all = (await management(`/api/vhosts/${vhost}/connections`)) as {
        name: string;
        client_properties?: { connection_name?: string };
      }[];
      const named = all.filter((one) => one.client_properties?.connection_name === name);
      if (named.length === 0) throw new Error(`no connection ${name}`);
      return named;
    },
    { interval: 200 },
  );
  for (const one of found) await management(`/api/connections/${encodeURIComponent(one.name)}`, 'DELETE');
};

/** A TCP relay in front of the broker, whose connections can be cut. */
export const createRelay = async (url: string) => {
  const target = new URL(url);
  const { port: brokerPort, hostname: brokerHost } = target;
  const sockets = new Set<Socket>();
  let refusing = false;
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = dial(Number(brokerPort), brokerHost);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  target.hostname = '127.0.0.1';
  target.port = String(port);
  return {
    url: target.href,
    cut,
    setRefusing: (value: boolean) => {
      refusing = value;
      if (value) cut();
    },
  };
};

/** Collects values and lets a test wait for so many of them. */
export const collector = <T>() => {
  const values: T[] = [];
  return {
    values,
    add: (value: T) => void values.push(value),
    until: (count: number, timeout = 20_000) =>
      vi.waitFor(
        () => {
          if (values.length < count) throw new Error(`${values.length} of ${count}`);
          return values;
        },
        { timeout, interval: 10 },
      ),
  };
};
