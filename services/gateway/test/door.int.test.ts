import { createAccess } from '@heavy/access';
import {
  type Contract,
  type DataOf,
  InvalidEvent,
  redisKeys,
  telegramMessage,
  telegramRaw,
  telegramReply,
} from '@heavy/contracts';
import { type Broker, connectBroker, currentContext, handle, Unroutable } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { createVhost } from '@heavy/stack';
import { type IncomingMessage, SessionLeaseLost } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { messageReceived } from '../src/message-received.ts';
import { createPublished } from '../src/published.ts';
import { correlationIdOf, eventIdOf, messageEventIdOf } from '../src/raw-event.ts';

type Deps = Parameters<typeof messageReceived>[0];
type Publish = Broker['publish'];

const self = 1;
const admin = 9;
const alice = 4;
const hour = 3600;
/** Longer than any test takes, however slow the machine is. */
const windowS = 60;

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redis').url, { db: 7, maxRetriesPerRequest: null });
});
beforeEach(async () => {
  await redis.flushdb();
  await redis.hset(redisKeys.commandWords, { vdl: 'media-pirate', whoami: 'gateway' });
});
afterAll(() => redis.quit());

const nowS = (): number => Math.floor(Date.now() / 1000);

let lastId = 0;
const typed = (text: string, more: Partial<IncomingMessage> = {}): IncomingMessage => {
  lastId += 1;
  return {
    ...{ chat: { id: -2, type: 'group' }, id: lastId, date: nowS(), edited: false, text, entities: [] },
    ...{ outgoing: false, sender: { id: alice, name: 'Alice' }, receivedAt: Date.now(), ...more },
  };
};
const byAdmin = { sender: { id: admin } };

/** A door before real Redis; what it publishes is only noted. */
const openDoor = (config: Partial<Deps['config']> = {}, more: Partial<Deps> = {}) => {
  const published: { type: string; data: unknown; id: string; correlationId: string }[] = [];
  const publish = vi.fn(async (contract: Contract, data: unknown, { id = '' } = {}) => {
    published.push({ type: contract.type, data, id, correlationId: currentContext()?.correlationId ?? '' });
    return id;
  });
  const logged: Record<string, unknown>[] = [];
  const note = (fields: Record<string, unknown>) => void logged.push(fields);
  const refused = vi.fn();
  const dispatched = vi.fn();
  const ending = new AbortController();
  const getMessage = vi.fn<Deps['account']['getMessage']>(async () => null);
  const receive = messageReceived({
    account: { identity: { id: self, name: 'me', isBot: false, isPremium: false }, getMessage },
    lease: { signal: ending.signal, check: () => ending.signal.throwIfAborted() },
    broker: { publish: publish as unknown as Publish },
    ...{ redis, access: createAccess(redis), metrics: { refused, dispatched } },
    log: { info: note, warn: note, error: note } as unknown as Logger,
    ...more,
    config: {
      ...{ ADMIN_IDS: [admin], OPEN_TO: 'everyone', COMMAND_MAX_AGE: hour },
      ...{ RATE_LIMIT_WINDOW: 60, RATE_LIMIT_BLESSED: 20, RATE_LIMIT_UNMOLESTED: 10, ...config },
    },
  });
  const of = <C extends Contract>({ type }: C) =>
    published.filter((one) => one.type === type).map(({ data, id }) => ({ id, data: data as DataOf<C> }));
  return {
    ...{ receive, publish, published, logged, refused, dispatched, ending, getMessage },
    commands: () => of(telegramRaw),
    replies: () => of(telegramReply),
    messages: () => of(telegramMessage),
  };
};

/** Loses the lease as the real one does: by the signal, and by the fence. */
const loseLease = (ending: AbortController) => ending.abort(new SessionLeaseLost('lost'));

/** Told again by a door that begins anew, as after a crash. */
const afterCrash = async (door: ReturnType<typeof openDoor>, message: IncomingMessage, config = {}) => {
  const next = openDoor(config);
  await next.receive({ ...message, receivedAt: Date.now() });
  for (const one of next.published) door.published.push(one);
  return next;
};

/** A client of a process that dies after so many calls to Redis. */
const dyingAfter = (calls: number): { client: Redis; hasDied: () => boolean } => {
  let left = calls;
  const died = vi.fn();
  const client = new Proxy(redis, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function' || name === 'defineCommand') return value;
      return (...args: unknown[]) => {
        left -= 1;
        if (left >= 0) return value.apply(target, args);
        died();
        return Promise.reject(new Error('died'));
      };
    },
  });
  return { client, hasDied: () => died.mock.calls.length > 0 };
};

const expiry = (key: string) =>
  vi.waitFor(async () => expect(await redis.exists(key)).toBe(0), { interval: 20 });

/** The window of requests ends now, as it would by itself. */
const windowEnds = async () => {
  for (const key of [redisKeys.rate(alice), redisKeys.rateRefusal(alice)]) {
    const leftMs = await redis.pttl(key);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(windowS * 1000);
    await redis.del(key);
  }
};

describe('messageReceived', () => {
  it('publishes a command under ids that are the message’s, and says who typed it', async () => {
    const { receive, published, logged, dispatched } = openDoor();
    const message = typed('.VDL x', { topicId: 3 });
    await receive(message);
    expect(published).toEqual([
      {
        type: telegramRaw.type,
        data: expect.objectContaining({ account: self, command: { word: 'vdl' } }),
        ...{ id: eventIdOf(self, message), correlationId: correlationIdOf(self, message) },
      },
    ]);
    expect(logged).toEqual([
      expect.objectContaining({
        ...{ step: 'received', eventId: eventIdOf(self, message), word: 'vdl', role: 'unmolested' },
        ...{ chatId: -2, userId: alice, userName: 'Alice', messageId: message.id },
      }),
    ]);
    expect(dispatched).toHaveBeenCalledOnce();
  });

  it.each([
    ['a word that nobody registered', '.foo x'],
    ['a text that only mentions the word', 'try .vdl x'],
  ])('ignores %s', async (_, text) => {
    const { receive, published, logged } = openDoor();
    await receive(typed(text));
    expect([...published, ...logged]).toEqual([]);
  });

  it('brings the message that it replies to', async () => {
    const { receive, commands, getMessage } = openDoor();
    getMessage.mockResolvedValue(typed('https://example.com/a'));
    await receive(typed('.vdl', { replyTo: 6 }));
    expect(commands()[0]?.data.reply).toMatchObject({ messageId: 6, text: 'https://example.com/a' });
    expect(getMessage).toHaveBeenCalledExactlyOnceWith(-2, 6);
  });

  it('asks Redis for nothing more when a message is no command', async () => {
    const { receive } = openDoor();
    await receive(typed('hello'));
    const before = (await redis.info('commandstats')).match(/cmdstat_\w+:calls=\d+/g);
    for (let n = 0; n < 100; n += 1) await receive(typed('hello'));
    const after = (await redis.info('commandstats')).match(/cmdstat_\w+:calls=\d+/g);
    const changed = after?.filter((line) => !before?.includes(line)) ?? [];
    expect(changed.map((line) => line.split(':')[0])).toEqual(['cmdstat_info']);
  });
});

describe('messageReceived: one message is one command', () => {
  it.each([
    ['told twice', (message: IncomingMessage) => message],
    [
      'edited at once',
      (message: IncomingMessage) => ({ ...message, edited: true, editDate: message.date + 1 }),
    ],
    [
      'edited into another',
      (message: IncomingMessage) => ({
        ...message,
        ...{ edited: true, editDate: message.date + 5, text: '.vdl y' },
      }),
    ],
    ['reacted to', (message: IncomingMessage) => ({ ...message, edited: true })],
  ])('runs once where it is %s, at the same time and afterwards', async (_, change) => {
    const { receive, commands } = openDoor();
    const message = typed('.vdl x');
    await Promise.all([receive(message), receive(change(message))]);
    await receive(change(message));
    expect(commands().map(({ data }) => data.message.text)).toEqual(['.vdl x']);
    expect(await redis.get(redisKeys.rate(alice))).toBe('1');
  });

  it('takes no forwarded message for a command', async () => {
    const { receive, published } = openDoor();
    await receive(typed('.vdl x', { forwarded: true }));
    expect(published).toEqual([]);
  });

  it('runs a message that became a command by an edit within a minute', async () => {
    const { receive, commands } = openDoor();
    const date = nowS() - 120;
    const message = typed('vdl x', { date });
    await receive(message);
    await receive({ ...message, edited: true, editDate: date + 60, text: '.vdl x' });
    await receive({ ...message, edited: true, editDate: date + 60, text: '.vdl y' });
    expect(commands().map(({ data }) => data.message.text)).toEqual(['.vdl x']);
  });

  it.each([
    ['an edit after a minute', { edited: true, editDate: nowS() - 10, date: nowS() - 71 }],
    ['a reaction, when nothing is known of the message any more', { edited: true }],
  ])('does not run %s', async (_, more) => {
    const { receive, published, logged } = openDoor();
    await receive(typed('.vdl x', more));
    expect([...published, ...logged]).toEqual([]);
  });

  it('publishes the same id where it died before it noted that, and counts once', async () => {
    const door = openDoor();
    const message = typed('.vdl x');
    await door.receive(message);
    // What there is between the two writes of a command that is counted.
    await redis.set(redisKeys.published(self, -2, message.id), 'accepted');
    await afterCrash(door, { ...message, edited: true, editDate: message.date + 90, text: '.vdl y' });
    const id = eventIdOf(self, message);
    expect(door.commands().map((one) => one.id)).toEqual([id, id]);
    expect(door.commands()[1]?.data.auth.requests).toMatchObject({ limit: 10, left: 9 });
    expect(await redis.get(redisKeys.rate(alice))).toBe('1');
  });

  it('remembers it for two days, or for twice the time in which a command may run', async () => {
    const [door, patient] = [openDoor(), openDoor({ COMMAND_MAX_AGE: 48 * hour })];
    const [first, second] = [typed('.vdl x'), typed('.vdl x')];
    await door.receive(first);
    await patient.receive(second);
    const lives = [first, second].map(({ id }) => redis.ttl(redisKeys.published(self, -2, id)));
    expect((await Promise.all(lives)).map((s) => Math.round(s / hour))).toEqual([48, 96]);
    expect(await redis.get(redisKeys.published(self, -2, first.id))).toBe(eventIdOf(self, first));
  });
});

describe('createPublished', () => {
  it('keeps what another process has noted meanwhile', async () => {
    const published = createPublished(redis, hour);
    const message = typed('.vdl x');
    await published.published(self, message, eventIdOf(self, message));
    await published.refused(self, message);
    expect(await published.fateOf(self, message)).toBe('published');
  });
});

describe('messageReceived: standing', () => {
  it.each<[string, Deps['config']['OPEN_TO'], Partial<IncomingMessage>, boolean]>([
    ['a stranger', 'nobody', {}, false],
    ['a stranger in private', 'nobody', { chat: { id: alice, type: 'private' } }, false],
    ['a stranger in a group', 'private', {}, false],
    ['a stranger in private', 'private', { chat: { id: alice, type: 'private' } }, true],
    ['a stranger', 'everyone', {}, true],
    ['an admin', 'nobody', byAdmin, true],
    ['the account itself', 'nobody', { outgoing: true, sender: { id: self } }, true],
  ])('%s, open to %s', async (_, OPEN_TO, more, allowed) => {
    const { receive, commands, logged, refused } = openDoor({ OPEN_TO });
    await receive(typed('.vdl x', more));
    expect(commands()).toHaveLength(Number(allowed));
    expect(logged).toEqual([
      expect.objectContaining({ step: allowed ? 'received' : 'refused', word: 'vdl' }),
    ]);
    expect(refused.mock.calls).toEqual(allowed ? [] : [['standing']]);
  });

  const say = (word: 'bless' | 'hammer' | 'smite', durationS?: number) =>
    createAccess(redis).change({
      ...{ id: `${word} ${lastId}`, word, by: admin, chatId: -2, ...(durationS && { durationS }) },
      target: word === 'smite' ? { kind: 'chat', id: -2 } : { kind: 'user', id: alice },
    });

  it('goes by what admins said, at once, and by its end in Redis', async () => {
    const { receive, commands } = openDoor({ OPEN_TO: 'nobody' });
    const { entry } = await say('bless', 1);
    await receive(typed('.vdl x'));
    expect(commands()[0]?.data.auth).toEqual({
      ...{ role: 'blessed', by: 'user', until: entry?.until, mayUse: true, rateLimited: false },
      requests: { limit: 20, left: 19, resetS: 60 },
    });
    await expiry(redisKeys.accessUser(alice));
    await receive(typed('.vdl x'));
    expect(commands()).toHaveLength(1);
  });

  it.each(['hammer', 'smite'] as const)('lets those ask what they are whom a %s keeps out', async (word) => {
    await say(word);
    const { receive, commands } = openDoor();
    await receive(typed('.vdl x'));
    await receive(typed('.whoami'));
    expect(commands().map(({ data }) => data.command.word)).toEqual(['whoami']);
    expect(commands()[0]?.data.auth).toEqual({
      ...{ role: 'banned', by: word === 'hammer' ? 'user' : 'chat', mayUse: false, rateLimited: false },
    });
  });

  it.each([redisKeys.accessUser(alice), redisKeys.accessChat(-2)])(
    'lets nobody in by a %s that is no entry',
    async (key) => {
      await redis.set(key, 'yes');
      const { receive, commands, logged } = openDoor();
      await receive(typed('.vdl x'));
      expect(commands()).toEqual([]);
      expect(logged).toContainEqual({ chatId: -2, userId: alice });
    },
  );
});

describe('messageReceived: age', () => {
  it.each<[name: string, at: () => Partial<IncomingMessage>, runs: boolean]>([
    ['younger than the limit', () => ({ date: nowS() - hour + 5 }), true],
    ['older', () => ({ date: nowS() - hour - 10 }), false],
    ['dated after our clock', () => ({ date: nowS() + 300 }), true],
    [
      'old by an edit that is old',
      () => ({ date: nowS() - hour - 80, edited: true, editDate: nowS() - hour - 20 }),
      false,
    ],
    [
      'young by its edit alone',
      () => ({ date: nowS() - hour - 30, edited: true, editDate: nowS() - hour + 20 }),
      true,
    ],
  ])('%s', async (_, at, runs) => {
    const { receive, commands, refused } = openDoor();
    await receive(typed('.vdl x', at()));
    expect(commands()).toHaveLength(Number(runs));
    expect(refused.mock.calls).toEqual(runs ? [] : [['age']]);
  });

  it('counts from its arrival, however long Redis or the broker are waited for', async () => {
    const { receive, commands } = openDoor();
    await receive(typed('.vdl x', { date: nowS() - 2 * hour, receivedAt: Date.now() - 1.5 * hour * 1000 }));
    expect(commands()).toHaveLength(1);
  });

  it('logs the number once, and neither counts nor remembers what did not run', async () => {
    const { receive, logged } = openDoor();
    await Promise.all([1, 2, 3].map(() => receive(typed('.vdl x', { date: nowS() - 2 * hour }))));
    await vi.waitFor(() => expect(logged).toEqual([{ count: 3 }]));
    expect(await redis.keys('*')).toEqual([redisKeys.commandWords]);
  });
});

describe('messageReceived: limit of requests', () => {
  const narrow = { RATE_LIMIT_WINDOW: windowS, RATE_LIMIT_UNMOLESTED: 2, RATE_LIMIT_BLESSED: 3 };

  it('refuses in words once a window, is silent after that, and lets in again with the next', async () => {
    const { receive, commands, replies, refused } = openDoor(narrow);
    const messages = [1, 2, 3, 4].map(() => typed('.vdl x'));
    for (const message of messages) await receive(message);
    const resetS = expect.toSatisfy((s: number) => s > windowS / 2 && s <= windowS);
    expect(commands().map(({ data }) => data.auth.requests)).toEqual([
      { limit: 2, left: 1, resetS },
      { limit: 2, left: 0, resetS },
    ]);
    expect(replies()).toEqual([
      {
        id: expect.any(String),
        data: {
          origin: { account: self, chatId: -2, messageId: messages[2]?.id, userId: alice },
          failure: { code: 'rate_limited', context: { limit: resetS } },
        },
      },
    ]);
    expect(refused.mock.calls).toEqual([['rate_limit'], ['rate_limit']]);
    await windowEnds();
    for (let n = 0; n < 3; n += 1) await receive(typed('.vdl x'));
    expect(commands()).toHaveLength(4);
    expect(replies()).toHaveLength(2);
  });

  it('holds for any number of commands at the same time', async () => {
    const { receive, commands, replies } = openDoor(narrow);
    await Promise.all(Array.from({ length: 30 }, () => receive(typed('.vdl x'))));
    expect(commands()).toHaveLength(2);
    expect(replies()).toHaveLength(1);
    expect(await redis.get(redisKeys.rate(alice))).toBe('2');
  });

  it('counts what was accepted and nothing else, so that a better role has its own room', async () => {
    const { receive, commands } = openDoor(narrow);
    for (let n = 0; n < 5; n += 1) await receive(typed('.vdl x'));
    await createAccess(redis).change({
      ...{ id: 'x', word: 'bless', target: { kind: 'user', id: alice }, by: admin, chatId: -2 },
    });
    await receive(typed('.vdl x'));
    await receive(typed('.vdl x'));
    expect(commands()).toHaveLength(3);
  });

  it('says the same refusal again after a crash, and never runs what it refused', async () => {
    const config = { ...narrow, RATE_LIMIT_UNMOLESTED: 1 };
    const door = openDoor(config);
    await door.receive(typed('.vdl x'));
    const [told, silent] = [typed('.vdl y'), typed('.vdl z')];
    await door.receive(told);
    await door.receive(silent);
    for (const message of [told, silent]) await afterCrash(door, message, config);
    const [first, second, ...more] = door.replies();
    expect(second?.id).toBe(first?.id);
    expect(more).toEqual([]);
    await windowEnds();
    for (const message of [told, silent]) await afterCrash(door, message, config);
    expect(door.commands()).toHaveLength(1);
    expect(door.replies()).toHaveLength(2);
  });

  it('is the same refusal where it died after choosing it, before noting so', async () => {
    const config = { ...narrow, RATE_LIMIT_UNMOLESTED: 1 };
    const door = openDoor(config);
    await door.receive(typed('.vdl x'));
    const told = typed('.vdl y');
    await door.receive(told);
    await redis.del(redisKeys.published(self, -2, told.id));
    await afterCrash(door, told, config);
    const ids = door.replies().map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('counts a command once, wherever in the midst of it the process dies', async () => {
    const deaths: number[] = [];
    for (let calls = 0, living = false; !living; calls += 1) {
      await redis.del(redisKeys.rate(alice));
      const { client, hasDied } = dyingAfter(calls);
      const door = openDoor(narrow, { redis: client, access: createAccess(client) });
      const message = typed('.vdl x');
      await door.receive(message).catch(() => undefined);
      living = !hasDied();
      if (!living) deaths.push(calls);
      await afterCrash(door, message, narrow);
      const where = `after ${calls} calls`;
      expect(await redis.get(redisKeys.rate(alice)), where).toBe('1');
      expect(new Set(door.commands().map(({ id }) => id)), where).toEqual(
        new Set([eventIdOf(self, message)]),
      );
    }
    expect(deaths.length).toBeGreaterThan(4);
  });

  it('counts a command once that two processes are told at the same time', async () => {
    const doors = [openDoor(narrow), openDoor(narrow)];
    for (let n = 0; n < 20; n += 1) {
      await redis.del(redisKeys.rate(alice));
      const message = typed('.vdl x');
      await Promise.all(doors.map((door) => door.receive(message)));
      expect(await redis.get(redisKeys.rate(alice))).toBe('1');
    }
  });

  it('knows no limit for admins', async () => {
    const { receive, commands } = openDoor(narrow);
    for (let n = 0; n < 5; n += 1) await receive(typed('.vdl x', byAdmin));
    expect(commands()).toHaveLength(5);
    expect(commands()[4]?.data.auth.requests).toBeUndefined();
    expect(await redis.exists(redisKeys.rate(admin))).toBe(0);
  });

  it('leaves `.whoami` out of it, which has a silent limit of its own', async () => {
    const { receive, commands, replies } = openDoor(narrow);
    await receive(typed('.vdl x'));
    for (let n = 0; n < 4; n += 1) await receive(typed('.whoami'));
    expect(commands().map(({ data }) => data.command.word)).toEqual(['vdl', 'whoami', 'whoami']);
    expect(commands()[2]?.data.auth.requests).toMatchObject({ limit: 2, left: 1 });
    await receive(typed('.vdl x'));
    expect(commands()).toHaveLength(4);
    expect(replies()).toEqual([]);
  });

  it('tells `.whoami` of a full window where none has begun', async () => {
    const { receive, commands } = openDoor(narrow);
    await receive(typed('.whoami'));
    expect(commands()[0]?.data.auth.requests).toEqual({ limit: 2, left: 2, resetS: 0 });
  });
});

describe('messageReceived: the lease', () => {
  it('publishes nothing once it is over', async () => {
    const { receive, published, ending } = openDoor();
    loseLease(ending);
    await expect(receive(typed('.vdl x'))).rejects.toThrow(SessionLeaseLost);
    expect(published).toEqual([]);
  });

  it('is looked at before each publication, before any timer can tell', async () => {
    const lost = { signal: new AbortController().signal, check: vi.fn() };
    const { receive, published } = openDoor({}, { lease: lost });
    lost.check.mockImplementation(() => {
      throw new SessionLeaseLost('frozen');
    });
    await redis.hset(redisKeys.messageInterests, 'janitor', 'all');
    for (const text of ['hello', '.vdl x'])
      await expect(receive(typed(text, byAdmin))).rejects.toThrow(SessionLeaseLost);
    expect(published).toEqual([]);
  });

  it('ends the waiting for Telegram', async () => {
    const { receive, published, ending, getMessage } = openDoor();
    const answer = Promise.withResolvers<null>();
    getMessage.mockReturnValue(answer.promise);
    const received = receive(typed('.vdl x', { replyTo: 6 }));
    const outcome = expect(received).rejects.toThrow(SessionLeaseLost);
    await vi.waitFor(() => expect(getMessage).toHaveBeenCalled());
    loseLease(ending);
    await outcome;
    answer.resolve(null);
    await redis.ping();
    expect(published).toEqual([]);
  });

  it('ends the waiting for Redis, and what Redis then says is of no use', async () => {
    const away = new Redis({
      port: 1,
      lazyConnect: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
    });
    away.on('error', () => undefined);
    onTestFinished(() => away.disconnect());
    const { receive, published, ending } = openDoor({}, { redis: away, access: createAccess(away) });
    const outcome = expect(receive(typed('.vdl x'))).rejects.toThrow(SessionLeaseLost);
    loseLease(ending);
    await outcome;
    expect(published).toEqual([]);
  });
});

describe('messageReceived: what cannot be published', () => {
  it.each([
    ['fits no contract', new InvalidEvent('invalid_data', 'x')],
    ['no queue is bound for', new Unroutable(telegramRaw.type, telegramRaw.type)],
  ])('answers a command once that %s', async (_, error) => {
    const { receive, publish, commands, replies, logged } = openDoor();
    publish.mockRejectedValueOnce(error);
    const message = typed('.vdl x');
    await receive(message);
    await receive(message);
    expect(commands()).toEqual([]);
    expect(replies().map(({ data }) => data)).toEqual([
      expect.objectContaining({ failure: { code: 'internal', context: {} } }),
    ]);
    expect(logged).toEqual([expect.objectContaining({ err: error, type: telegramRaw.type })]);
  });

  it('resolves where not even that can be said', async () => {
    const { receive, publish } = openDoor();
    publish.mockRejectedValue(new Unroutable('x', 'x'));
    await receive(typed('.vdl x'));
    expect(publish).toHaveBeenCalledTimes(2);
  });

  it('rejects where the broker may take it later, and then publishes it, counted once', async () => {
    const { receive, publish, commands } = openDoor();
    publish.mockRejectedValueOnce(new Error('away'));
    const message = typed('.vdl x');
    await expect(receive(message)).rejects.toThrow('away');
    await receive(message);
    expect(commands()).toHaveLength(1);
    expect(await redis.get(redisKeys.rate(alice))).toBe('1');
  });
});

describe('messageReceived: what services have registered to see', () => {
  it.each([
    ['all', ['hello', '.vdl x', 'mine']],
    ['own', ['mine']],
  ])('publishes %s messages', async (interest, texts) => {
    await redis.hset(redisKeys.messageInterests, 'janitor', interest);
    const { receive, messages, commands } = openDoor();
    for (const text of ['hello', '.vdl x']) await receive(typed(text));
    await receive(typed('mine', { outgoing: true }));
    expect(messages().map(({ data }) => data.message.text)).toEqual(texts);
    expect(commands()).toHaveLength(1);
  });

  it('gives each edit an id of its own', async () => {
    await redis.hset(redisKeys.messageInterests, 'janitor', 'all');
    const { receive, messages } = openDoor();
    const message = typed('hello');
    const edit = { ...message, edited: true, editDate: message.date + hour, text: 'hello, you' };
    for (const one of [message, edit, edit]) await receive(one);
    expect(messages().map(({ id }) => id)).toEqual(
      [message, edit, edit].map((one) => messageEventIdOf(self, one)),
    );
    expect(new Set(messages().map(({ id }) => id)).size).toBe(2);
  });
});

describe('messageReceived, with RabbitMQ', () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };

  it('hands commands to the queues that are bound, and refusals to the sender’s', async () => {
    const vhost = await createVhost(inject('rabbitmq'));
    const broker = await connectBroker({ url: vhost.url, service: 'gateway', log: silent, redis });
    onTestFinished(async () => {
      await broker.close();
      await vhost.drop();
    });
    const { receive, logged } = openDoor({ RATE_LIMIT_UNMOLESTED: 1 }, { broker });

    // Nobody is bound for anything yet: neither the command nor its refusal can be handed on, and that is the end of it.
    await receive(typed('.vdl x', byAdmin));
    expect(logged.map((line) => (line['err'] as Error).name)).toEqual(['Unroutable', 'Unroutable']);

    const seen: unknown[] = [];
    const queue = { name: 'seen', bindings: [telegramRaw.type, telegramReply.type, telegramMessage.type] };
    await broker.consume(queue, [
      handle(telegramRaw, async ({ id, data }) => void seen.push([id, data.command.word])),
      handle(telegramReply, async ({ data }) => void seen.push('failure' in data && data.failure.code)),
      handle(telegramMessage, async ({ data }) => void seen.push(data.message.text)),
    ]);
    await redis.hset(redisKeys.messageInterests, 'janitor', 'own');
    await vi.waitFor(async () => {
      await receive(typed('mine', { outgoing: true }));
      expect(seen).toContain('mine');
    });
    const command = typed('.vdl x');
    await receive(command);
    await receive(typed('.vdl y'));
    // The contract has no ids that are no integers: such a message is dropped with its reason, and what comes next is not.
    await receive(typed('.vdl x', { ...byAdmin, id: 0.5 }));
    await vi.waitFor(() =>
      expect(seen.filter((one) => one !== 'mine')).toEqual([
        [eventIdOf(self, command), 'vdl'],
        'rate_limited',
      ]),
    );
    expect(logged.slice(-2).map((line) => (line['err'] as Error).name)).toEqual([
      'InvalidEvent',
      'InvalidEvent',
    ]);
  });
});
