import type { Consumer } from '@heavy/messaging';
import {
  type AccountState,
  AuthLost,
  acquireSessionLease,
  createSessionStatus,
  type IncomingMessage,
  NotConnected,
  runTerms,
  type TelegramAccount,
} from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { sessionTerm } from '../src/session-term.ts';

const key = `test:session-term:${process.pid}`;
/** Of a lease whose end no test waits for: its owner may be halted for long, and keeps it. */
const leaseMs = 60_000;
/** Of a lease that runs out in a test. */
const shortLeaseMs = 2000;
const message: IncomingMessage = {
  ...{ chat: { id: 4, type: 'private' }, id: 7, date: 0, edited: false, text: '.vdl x', entities: [] },
  ...{ outgoing: false, sender: { id: 4 }, receivedAt: 0 },
};

/** What is connected to Telegram, over one session: two at once would end it. */
let connections: Set<string>;
let overlapped: boolean;
let redises: Redis[];
let stops: (() => Promise<unknown>)[];

/** An account that connects at once, or is refused. */
const createFakeAccount = (name: string, refusal: () => AuthLost | null) => {
  let state: AccountState = 'disconnected';
  const listeners = new Set<(state: AccountState) => void>();
  const set = (next: AccountState) => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  const account: Partial<TelegramAccount> = {
    get state() {
      return state;
    },
    get identity() {
      if (state !== 'connected') throw new NotConnected('identity');
      return {
        ...{ id: 1, username: 'heavy', name: 'Heavy', isBot: false, isPremium: false },
        maskedPhone: '+49•••12',
      };
    },
    dataCentre: 2,
    updates: { pending: 3, lagMs: 4, catchingUp: false, gaps: 5, repeats: 6, lastUpdateAt: 0 },
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    connect: async () => {
      const error = refusal();
      if (error) {
        set('auth_lost');
        throw error;
      }
      overlapped ||= connections.size > 0;
      connections.add(name);
      set('connected');
      return { id: 1, name: 'Heavy', isBot: false, isPremium: false };
    },
    close: async () => {
      connections.delete(name);
      if (state !== 'auth_lost') set('disconnected');
    },
  };
  return Object.assign(account as TelegramAccount, {
    refuse: () => {
      connections.delete(name);
      set('auth_lost');
    },
  });
};

/** A gateway with its own connection to Redis. */
const startGateway = (
  name: string,
  given: { refusal?: AuthLost; consume?: () => Promise<Consumer>; lease?: number } = {},
) => {
  const redis = new Redis(inject('redis').url, { db: 8, maxRetriesPerRequest: null });
  redises.push(redis);
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  let refusal = given.refusal ?? null;
  const accounts: ReturnType<typeof createFakeAccount>[] = [];
  const receivers: ((message: IncomingMessage) => Promise<void>)[] = [];
  const received = vi.fn(async () => undefined);
  const closeConsumer = vi.fn(async () => undefined);
  const consumer: Consumer = { queue: 'q', consuming: true, close: closeConsumer };
  const consume = given.consume ?? (async () => consumer);
  const stopping = new AbortController();
  const status = createSessionStatus({ redis, key, holder: name });
  const acquire = vi.fn((signal: AbortSignal) =>
    acquireSessionLease({
      ...{ redis, key, holder: name, leaseMs: given.lease ?? leaseMs, signal, log },
      onWaiting: status.waiting,
    }),
  );
  const term = sessionTerm({
    status,
    createAccount: (_, onMessage) => {
      receivers.push(onMessage);
      const account = createFakeAccount(`${name}-${accounts.length}`, () => refusal);
      accounts.push(account);
      return account;
    },
    receiver: () => received,
    consume,
  });
  const terms = runTerms({ acquire, term, status, stopping: stopping.signal, log });
  terms.catch(() => undefined);
  const stop = () => {
    stopping.abort(new Error('stopping'));
    return terms.catch(() => undefined);
  };
  stops.push(stop);
  return {
    ...{ redis, log, accounts, receivers, received, consumer, closeConsumer, status, acquire, terms, stop },
    refuse: (error: AuthLost) => {
      refusal = error;
      accounts.at(-1)?.refuse();
    },
    owns: () => vi.waitFor(() => expect(status.state).toBe('owner')),
  };
};

beforeEach(() => {
  [connections, overlapped, redises, stops] = [new Set(), false, [], []];
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  const redis = new Redis(inject('redis').url, { db: 8 });
  await redis.del(key);
  for (const one of [...redises, redis]) one.disconnect();
});

describe('runTerms', () => {
  it('ends the connection of an owner without Redis before another can have the session', async () => {
    const a = startGateway('a', { lease: shortLeaseMs });
    await a.owns();
    const b = startGateway('b');
    await vi.waitFor(() => expect(b.status.check().detail).toBe('standby: a has the session'));
    a.redis.disconnect();
    await b.owns();
    expect([...connections]).toEqual(['b-0']);
    expect(overlapped).toBe(false);
    expect(a.closeConsumer).toHaveBeenCalledOnce();
    expect(a.status.state).toBe('standby');
  });

  it('has the session again, over a new account, once Redis is back', async () => {
    const a = startGateway('a', { lease: shortLeaseMs });
    await a.owns();
    a.redis.disconnect();
    await vi.waitFor(() => expect(connections.size).toBe(0));
    await a.redis.connect();
    await a.owns();
    expect(a.accounts).toHaveLength(2);
    expect([...connections]).toEqual(['a-1']);
    expect(overlapped).toBe(false);
  });

  it('hands over when it stops', async () => {
    const a = startGateway('a');
    await a.owns();
    const b = startGateway('b');
    await vi.waitFor(() => expect(b.status.check().detail).toBe('standby: a has the session'));
    await a.stop();
    expect(connections.has('a-0')).toBe(false);
    // Long before the lease would have run out.
    await b.owns();
    expect(overlapped).toBe(false);
    expect(a.closeConsumer).toHaveBeenCalledOnce();
  });

  it.each(['on connecting', 'later'])(
    'tries nothing any more once Telegram refuses the session %s, and leaves it free',
    async (when) => {
      const refusal = new AuthLost('SESSION_REVOKED', 'connect');
      const a = startGateway('a', when === 'later' ? {} : { refusal });
      if (when === 'later') {
        await a.owns();
        a.refuse(refusal);
      }
      await a.terms;
      expect(a.status.check()).toEqual({
        ok: false,
        fatal: true,
        detail: expect.stringMatching(/SESSION_REVOKED.*another device.*npm run login/),
      });
      expect(a.log.error).toHaveBeenCalledOnce();
      expect(a.acquire).toHaveBeenCalledOnce();
      expect(connections.size).toBe(0);
      expect(await a.redis.exists(key)).toBe(0);
      expect(await a.status.page()).toMatchObject({
        state: 'refused',
        refusal: { code: 'SESSION_REVOKED' },
        lease: null,
      });
    },
  );

  it('ends with what it does not expect, and holds nothing on to it', async () => {
    const failure = new Error('the queue has other arguments');
    const a = startGateway('a', { consume: () => Promise.reject(failure) });
    await expect(a.terms).rejects.toBe(failure);
    expect(connections.size).toBe(0);
    expect(await a.redis.exists(key)).toBe(0);
  });
});

describe('sessionTerm', () => {
  it('receives nothing before its own words have a queue', async () => {
    const consumer = Promise.withResolvers<Consumer>();
    const a = startGateway('a', { consume: () => consumer.promise });
    await a.owns();
    const told = a.receivers[0]?.(message);
    await a.redis.ping();
    expect(a.received).not.toHaveBeenCalled();
    consumer.resolve(a.consumer);
    await told;
    expect(a.received).toHaveBeenCalledWith(message);
  });

  it('gives back what waits for the queue, and closes a consumer that comes too late', async () => {
    const consumer = Promise.withResolvers<Consumer>();
    const a = startGateway('a', { consume: () => consumer.promise });
    await a.owns();
    const told = expect(a.receivers[0]?.(message)).rejects.toThrow('stopping');
    await a.stop();
    await told;
    expect(a.received).not.toHaveBeenCalled();
    consumer.resolve(a.consumer);
    await vi.waitFor(() => expect(a.closeConsumer).toHaveBeenCalledWith({ graceMs: 0 }));
  });
});

describe('createSessionStatus', () => {
  it('shows who has the session, and how the owner is doing', async () => {
    const a = startGateway('a');
    await a.owns();
    const b = startGateway('b');
    await vi.waitFor(() =>
      expect(b.status.check()).toEqual({ ok: true, detail: 'standby: a has the session' }),
    );
    expect(a.status.check()).toEqual({ ok: true, detail: 'connected' });
    const held = { holder: 'a', since: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(await a.status.page()).toEqual({
      ...{ state: 'owner', since: held.since, dataCentre: 2 },
      user: { id: 1, username: 'heavy', phone: '+49•••12', isBot: false },
      ...{ lastUpdateAt: '1970-01-01T00:00:00.000Z', lagMs: 4, pending: 3, catchingUp: false },
      lease: { ...held, ours: true },
    });
    expect(await b.status.page()).toEqual({
      ...{ state: 'standby', since: held.since },
      lease: { ...held, ours: false },
    });
    expect([a.status.isOwner, b.status.isOwner]).toEqual([true, false]);
  });
});
