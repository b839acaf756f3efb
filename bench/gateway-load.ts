import { setTimeout as delay } from 'node:timers/promises';
import { exchange } from '@heavy/contracts';
import { type Crowd, createCrowd, type Stack } from '@heavy/stack';
import amqp from 'amqplib';

/** The events of commands as they come out at the broker. */
export interface Tap {
  /** Distinct events so far. */
  readonly count: number;
  /** Resolves once there are so many. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Listens on a quorum queue, such as every service has: an event is confirmed once that has it on the disk. */
export const openTap = async (stack: Stack): Promise<Tap> => {
  const connection = await amqp.connect(stack.rabbitmq.url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  const { queue } = await channel.assertQueue('bench', {
    durable: true,
    arguments: { 'x-queue-type': 'quorum' },
  });
  await channel.bindQueue(queue, exchange, 'events.telegram.raw');
  const seen = new Set<unknown>();
  let wake = () => {};
  await channel.consume(
    queue,
    (message) => {
      // The bare client's events have no id, and none comes twice.
      if (message) seen.add(message.properties.messageId ?? seen.size);
      wake();
    },
    { noAck: true },
  );
  return {
    get count() {
      return seen.size;
    },
    reached: async (count) => {
      while (seen.size < count)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    close: () => connection.close(),
  };
};

/** Somebody who is no admin types in the film club: nothing is spared the gateway. */
const bobIn = ({ world, chats: [filmClub] }: Stack) => {
  if (!filmClub) throw new Error('A stack has chats.');
  return world.user('bob').in(filmClub);
};

/** Commands as fast as they go. Resolves with how many of them came out a second. */
export const burst = async (stack: Stack, tap: Tap, count: number): Promise<number> => {
  const bob = bobIn(stack);
  const before = tap.count;
  const startedAt = performance.now();
  for (let i = 0; i < count; i += 1) bob.says(`.bench ${i}`);
  await tap.reached(before + count);
  return count / ((performance.now() - startedAt) / 1000);
};

/** So many commands a second, for so many seconds; resolves when all have come out. */
export const steadily = async (stack: Stack, tap: Tap, perSecond: number, seconds: number): Promise<void> => {
  const bob = bobIn(stack);
  const before = tap.count;
  const begun = performance.now();
  for (let i = 0; i < perSecond * seconds; i += 1) {
    bob.says(`.bench ${i}`);
    const ahead = (i / perSecond) * 1000 - (performance.now() - begun);
    if (ahead > 1) await delay(ahead);
  }
  await tap.reached(before + perSecond * seconds);
};

/** A command in so many messages, as people talk. */
const oneIn = 10;

const talk = ({ users, chats }: Crowd, count: number): void => {
  for (let i = 1; i <= count; i += 1) {
    const chat = chats[i % chats.length];
    const user = users[i % users.length];
    if (chat && user) user.in(chat).says(i % oneIn === 0 ? `.bench ${i}` : 'what a film');
  }
};

/**
 * Messages in many chats while the gateway is down, a tenth of them commands. Resolves with the seconds from its start to
 * the last of their events.
 */
export const catchUp = async (stack: Stack, tap: Tap, missed: number): Promise<number> => {
  const crowd = createCrowd(stack, { chats: 40, users: 40 });
  const gateway = stack.service('gateway');
  const greeted = tap.count + crowd.users.length;
  // It has heard of each chat before.
  crowd.asks(() => '.bench hello');
  await tap.reached(greeted);
  await gateway.stop();
  talk(crowd, missed);
  const startedAt = performance.now();
  await Promise.all([gateway.start(), tap.reached(greeted + missed / oneIn)]);
  return (performance.now() - startedAt) / 1000;
};

const rssMb = async (stack: Stack): Promise<number> => {
  const metrics = await (await fetch(`${stack.service('gateway').url}/metrics`)).text();
  const [, bytes] = /^process_resident_memory_bytes\S* (\S+)$/mu.exec(metrics) ?? [];
  return Number(bytes) / 1e6;
};

/** Few enough that what waits to be dealt with is not what is measured. */
const atOnce = 500;

/** Messages in many chats as fast as they go. Resolves with the resident memory after `warmUp` of them and after `count` more. */
export const memory = async (
  stack: Stack,
  tap: Tap,
  { warmUp, count }: { warmUp: number; count: number },
): Promise<{ before: number; after: number }> => {
  const crowd = createCrowd(stack, { chats: 40, users: 40 });
  const hear = async (messages: number) => {
    for (let said = 0; said < messages; said += atOnce) {
      const before = tap.count;
      talk(crowd, atOnce);
      await tap.reached(before + atOnce / oneIn);
    }
    return rssMb(stack);
  };
  return { before: await hear(warmUp), after: await hear(count) };
};
