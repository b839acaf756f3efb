import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Envelope, redisKeys, telegramRaw } from '@heavy/contracts';
import type { WorldChat, WorldMessage } from '@heavy/local-telegram';
import { type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;
/** Everything that the broker was given, also what it was given twice. */
let taken: Envelope[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    ...{ dir, services: ['gateway'], replicas: { gateway: 2 } },
    serviceEnv: { gateway: { OPEN_TO: 'everyone', SESSION_LEASE: '5s' } },
  });
  stage = await createStage(stack);
  redis = new Redis(stack.redis.url, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  // The words of a service that is not there: what it would be told of is what these tests look at.
  await redis.hset(redisKeys.commandWords, 'vdl', 'media-pirate');
  taken = (await stage.takes(telegramRaw.type)).taken;
}, 300_000);

afterAll(async () => {
  redis?.disconnect();
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
});

afterEach(() => stack.telegram.faults.clear());

const gateways = () => stack.services;
const filmClub = () => stack.chats[0]!;
const cinema = () => stack.chats[1]!;
const people = ['alice', 'bob', 'carol'];

let said = 0;
/** Somebody says something somewhere: in turn each person in each kind of chat. */
const speak = (text: (index: number) => string, date?: number): WorldMessage => {
  said += 1;
  const places: (WorldChat | string)[] = [filmClub(), cinema(), 'heavy'];
  const speaker = stack.world.user(people[said % 3]!).in(places[Math.floor(said / 3) % 3]!);
  return speaker.says(text(said), date === undefined ? {} : { date });
};
const command = (index: number) => `.vdl https://example.com/${index}`;

const keyOf = (chatId: number, messageId: number) => `${chatId} ${messageId}`;
const keyOfMessage = (message: WorldMessage) => {
  const { chatId, messageId } = stage.originOf(message);
  return keyOf(chatId, messageId);
};
/** Which messages were published, as often as they were. */
const published = (events: readonly Envelope[]): string[] =>
  events.map(({ data }) => {
    const { chat, message } = data as { chat: { id: number }; message: { id: number } };
    return keyOf(chat.id, message.id);
  });

/** Waits until all of them are published, and then for one more, which is added to them: what was to come has come by then. */
const settle = async (commands: WorldMessage[], timeout = 120_000): Promise<void> => {
  const wanted = new Set(commands.map(keyOfMessage));
  await vi.waitFor(
    () => expect([...wanted].filter((key) => !published(taken).includes(key)).slice(0, 5)).toEqual([]),
    {
      timeout,
      interval: 250,
    },
  );
  const last = speak(command);
  commands.push(last);
  await vi.waitFor(() => expect(published(taken)).toContain(keyOfMessage(last)), { timeout, interval: 50 });
};

/** Nobody's but these, each under one id; what was given to the broker twice carries the same id, and is handled once. */
const expectOnce = (events: readonly Envelope[], commands: readonly WorldMessage[]): void => {
  const ids = Map.groupBy(events, ({ data }) => published([{ data } as Envelope])[0]!);
  expect([...ids].filter(([, all]) => new Set(all.map(({ id }) => id)).size > 1)).toEqual([]);
  expect(new Set(ids.keys())).toEqual(new Set(commands.map(keyOfMessage)));
};

const ownerOf = async (): Promise<ServiceProcess> => {
  const states = await Promise.all(
    gateways().map(async (gateway) => {
      const answer = await fetch(`${gateway.url}/telegram/session/status`).catch(() => undefined);
      return { gateway, state: ((await answer?.json()) as { state?: string } | undefined)?.state };
    }),
  );
  const owner = states.find(({ state }) => state === 'owner');
  if (!owner) throw new Error(`no owner: ${states.map(({ state }) => state).join(', ')}`);
  return owner.gateway;
};
const owner = () => vi.waitFor(ownerOf, { timeout: 30_000, interval: 100 });

describe('no update is lost, and none is doubled', { timeout: 600_000 }, () => {
  it('while the gateway dies, connections drop, pushes are lost and answers late', async () => {
    const [first, second] = gateways();
    await second!.stop();
    const from = taken.length;
    const commands: WorldMessage[] = [];
    let kills = 0;
    let speaking = true;
    const dying = async () => {
      while (speaking || kills < 20) {
        // From the moment on in which it has the session, and catches up.
        await owner();
        await pause(Math.random() * 1500);
        await first!.kill();
        kills += 1;
        await pause(Math.random() * 300);
        await first!.start();
      }
    };
    const failing = async () => {
      const { faults } = stack.telegram;
      for (let turn = 0; speaking; turn++) {
        await pause(700);
        // Those that nobody ran into, because nobody was there, do not add up.
        faults.clear();
        faults.add({ method: 'messages.SendMessage', losePush: true, times: 5, account: stack.account });
        faults.add({ method: 'updates.GetChannelDifference', delayMs: 400, times: 2 });
        if (turn % 3 === 0) faults.add({ method: 'updates.GetDifference', drop: 'after' });
        if (turn % 7 === 0) stack.telegram.dropConnections();
      }
    };
    const speakAll = async () => {
      for (let index = 0; index < 2000; index++) {
        if (index % 3 === 0) commands.push(speak(command));
        else speak((n) => `just talking ${n}`);
        // Typed two hours ago, as far as Telegram is concerned.
        if (index % 100 === 50) speak(command, Math.floor(Date.now() / 1000) - 7200);
        await pause(65);
      }
      speaking = false;
    };
    await Promise.all([dying(), failing(), speakAll()]);
    stack.telegram.faults.clear();
    commands.push(speak(command));
    await settle(commands);
    expect(kills).toBeGreaterThanOrEqual(20);
    expectOnce(taken.slice(from), commands);
    await second!.start();
  });

  it('while RabbitMQ is away for a minute, and 50 commands a second are typed', async () => {
    await owner();
    const commands: WorldMessage[] = [];
    await stack.rabbitmq.stop();
    for (let index = 0; index < 3000; index++) {
      commands.push(speak(command));
      await pause(20);
    }
    await stack.rabbitmq.start();
    const handled = () => published(stage.heard.filter(({ type }) => type === telegramRaw.type));
    const isHandled = (wanted: string[]) =>
      vi.waitFor(() => expect(new Set(handled()).isSupersetOf(new Set(wanted))).toBe(true), {
        ...{ timeout: 120_000, interval: 250 },
      });
    const wanted = commands.map(keyOfMessage);
    await isHandled(wanted);
    await isHandled([keyOfMessage(speak(command))]);
    const them = new Set(wanted);
    expect(
      handled()
        .filter((key) => them.has(key))
        .toSorted(),
    ).toEqual(wanted.toSorted());
    // The queue of before went with its connection.
    taken = (await stage.takes(telegramRaw.type)).taken;
  });

  it('while Redis is away for a minute: commands wait', async () => {
    await owner();
    const from = taken.length;
    const commands: WorldMessage[] = [];
    await stack.redis.stop();
    for (let index = 0; index < 300; index++) {
      commands.push(speak(command));
      await pause(200);
    }
    expect(taken.length).toBe(from);
    await stack.redis.start();
    await settle(commands);
    expectOnce(taken.slice(from), commands);
  });
});

describe('one session has one owner', () => {
  it('whose death the standby notices within 15 s, without a double answer', async () => {
    const before = await owner();
    const from = taken.length;
    const commands = [speak(command)];
    await settle(commands);
    const killedAt = Date.now();
    await before.kill();
    const orphan = speak(command);
    commands.push(orphan);
    await vi.waitFor(() => expect(published(taken)).toContain(keyOfMessage(orphan)), {
      timeout: 20_000,
      interval: 50,
    });
    expect(Date.now() - killedAt).toBeLessThan(15_000);
    await before.start();
    expectOnce(taken.slice(from), commands);
    expect(stack.telegram.overlaps).toEqual([]);
  });

  it('who notices on waking that it slept too long, and publishes nothing', async () => {
    const before = await owner();
    const from = taken.length;
    before.pause();
    const commands = Array.from({ length: 20 }, () => speak(command));
    await vi.waitFor(
      () => expect(published(taken)).toEqual(expect.arrayContaining(commands.map(keyOfMessage))),
      {
        timeout: 30_000,
        interval: 50,
      },
    );
    before.resume();
    await vi.waitFor(async () => expect(await owner()).not.toBe(before));
    commands.push(...Array.from({ length: 20 }, () => speak(command)));
    await settle(commands);
    const keys = published(taken.slice(from));
    expect(keys.toSorted()).toEqual(commands.map(keyOfMessage).toSorted());
    expect(stack.telegram.overlaps).toEqual([]);
  });

  it('who hands it over at once when it is told to stop, in the middle of everything', async () => {
    const from = taken.length;
    const commands: WorldMessage[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const before = await owner();
      const stopped = before.stop();
      for (let index = 0; index < 50; index++) {
        commands.push(speak(command));
        await pause(10);
      }
      await stopped;
      await owner();
      await before.start();
    }
    await settle(commands);
    expectOnce(taken.slice(from), commands);
    expect(stack.telegram.overlaps).toEqual([]);
  });
});
