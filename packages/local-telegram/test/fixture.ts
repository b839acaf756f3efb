import type { TelegramClient } from 'telegram';
import { Raw } from 'telegram/events/index.js';
import { Api } from 'telegram/tl/index.js';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { type LocalTelegram, startLocalTelegram, type World, type WorldUser } from '../src/index.ts';
import { closeClient, gramClient } from './client.ts';

/** Waits until the assertion holds; the machine may be busy. */
export const eventually = <T>(assertion: () => T): Promise<T> =>
  vi.waitFor(assertion, { timeout: 10_000, interval: 10 });

/** Short updates reach a client as they are, others one by one. */
type Pushed = Api.TypeUpdate | Api.UpdateShortMessage | Api.UpdateShortChatMessage;

/** The containers that a connected client is pushed from now on, whole: its handlers get their updates one by one. */
export const containersOf = (client: TelegramClient): Api.Updates[] => {
  type Callback = (client: TelegramClient, update: unknown) => void;
  const { _sender: sender } = client as unknown as { _sender: { _updateCallback: Callback } };
  const handle = sender._updateCallback;
  const containers: Api.Updates[] = [];
  sender._updateCallback = (to, update) => {
    if (update instanceof Api.Updates) containers.push(update);
    handle(to, update);
  };
  return containers;
};

/** Everything that the data centre pushed to one client, as it came. */
export interface Listener {
  readonly client: TelegramClient;
  readonly updates: Pushed[];
  /** Texts of new messages, in order. */
  texts(): string[];
  /** Waits for an update of that class. */
  next<T extends Pushed>(type: abstract new (...args: never[]) => T): Promise<T>;
}

/** A data centre for each test, with alice, bob and carol in it, and clients that are closed after the test. */
export const localTelegram = () => {
  let dc: LocalTelegram;
  const clients: TelegramClient[] = [];
  const faults: unknown[] = [];

  beforeEach(async () => {
    dc = await startLocalTelegram({ onError: (error) => faults.push(error) });
    for (const name of ['alice', 'bob', 'carol']) dc.world.addUser(name);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map(closeClient));
    await dc.close();
    const own = faults.splice(0).filter((fault) => !(fault instanceof Error && 'syscall' in fault));
    expect(own, 'errors in the data centre itself').toEqual([]);
  });

  const open = (session?: string): TelegramClient => {
    const client = gramClient(dc, session);
    clients.push(client);
    return client;
  };
  const connect = async (user: WorldUser | string): Promise<TelegramClient> => {
    const client = open(dc.world.mintSession(user));
    await client.connect();
    await client.getMe();
    return client;
  };
  return {
    get dc() {
      return dc;
    },
    get world(): World {
      return dc.world;
    },
    /** Not connected yet. */
    open,
    connect,
    /** A connected client that writes down what it is told. */
    listen: async (user: WorldUser | string): Promise<Listener> => {
      const client = await connect(user);
      const updates: Pushed[] = [];
      const texts: string[] = [];
      client.addEventHandler((update: Pushed) => {
        updates.push(update);
        const { message } = update as { message?: string | { message?: string } };
        const text = typeof message === 'string' ? message : message?.message;
        if (text && !update.className?.includes('Edit')) texts.push(text);
      }, new Raw({}));
      return {
        client,
        updates,
        texts: () => texts,
        next: (type) =>
          eventually(() => {
            const found = updates.find((update) => update instanceof type);
            expect(found, `an update ${type.name}`).toBeDefined();
            return found as InstanceType<typeof type>;
          }),
      };
    },
  };
};
