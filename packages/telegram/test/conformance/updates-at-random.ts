import { setTimeout as pause } from 'node:timers/promises';
import type { LocalTelegram, WorldChat, WorldMessage } from '@heavy/local-telegram';
import { describe, expect, it, vi } from 'vitest';
import type { IncomingMessage, TelegramAccount } from '../../src/index.ts';
import { memoryStore } from './following.ts';
import type { Stage } from './stage.ts';

/** Numbers from 0 to 1 that follow from a seed: Mulberry32. */
const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

interface Mixture {
  /** Also what has it told again: crashes, edits, chats that are joined or left, differences that are too long. */
  rough: boolean;
  seed: number;
}

const steps = 350;

/** After several short links the next is tried only after up to 30 s. */
const patience = { timeout: 60_000, interval: 10 };

/** People say things, and everything goes wrong that can. */
const mix = async (stage: Stage, { rough, seed }: Mixture) => {
  const random = randomFrom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const { dc } = stage;
  const heavy = dc.world.user('heavy');
  const alice = dc.world.user('alice');
  const chats: (WorldChat | string)[] = [stage.club, stage.cinema, 'heavy'];
  const said: WorldMessage[] = [];
  /** What the account need not be told: it was not there. */
  const missed = new Set<WorldMessage>();
  const told: IncomingMessage[] = [];
  const begun = new Map<string, number[]>();
  const store = memoryStore();
  let life = 0;
  let account: TelegramAccount;

  const keyOf = (message: WorldMessage) => `${message.chat.markedIdFor(heavy)} ${message.idFor(heavy)}`;
  const say = () => {
    const message = alice.in(oneOf(chats)).says(`text ${said.length}`);
    said.push(message);
    if (!message.chat.has(heavy)) missed.add(message);
  };

  const live = async () => {
    const mine = ++life;
    const isDead = () => life !== mine;
    /** What a process that was killed would do never happens. */
    const unlessDead = async <T>(work: () => Promise<T>): Promise<T> => {
      await pause(below(15));
      return isDead() ? new Promise<T>(() => {}) : work();
    };
    const fallible = async (chance: number) => {
      if (random() < chance) throw new Error('not now');
    };
    account = stage.account({
      updates: {
        recoverS: 3600,
        store: {
          load: () => fallible(0.2).then(() => store.load()),
          save: (changes) => unlessDead(() => fallible(0.2).then(() => store.save(changes))),
          forget: (ids) => unlessDead(() => fallible(0.2).then(() => store.forget(ids))),
        },
        onMessage: (message) => {
          const ids = begun.get(String(message.chat.id)) ?? [];
          begun.set(String(message.chat.id), ids);
          if (!ids.includes(message.id)) ids.push(message.id);
          return unlessDead(async () => {
            await fallible(0.05);
            told.push(message);
          });
        },
      },
    });
    await account.connect();
  };

  const fault = (dc: LocalTelegram) => {
    const method = oneOf([
      'updates.GetDifference',
      'updates.GetChannelDifference',
      'channels.GetFullChannel',
    ]);
    oneOf([
      () => dc.faults.add({ method, drop: oneOf(['before', 'after'] as const) }),
      () => dc.faults.add({ method, error: [500, 'PERSISTENT_TIMESTAMP_OUTDATED'] }),
      () => dc.faults.add({ method, error: [420, 'FLOOD_WAIT_0'] }),
      () => dc.faults.add({ method, delayMs: below(60) }),
      () => dc.dropConnections(),
      () => dc.announceTooLong(stage.cinema),
    ])();
  };
  const spoilPushes = () => {
    const push = oneOf(['lose', 'twice', 'swap', { delayMs: below(40) }] as const);
    dc.faults.add({ method: 'messages.SendMessage', push, times: 1 + below(3), account: heavy });
  };
  const comeAndGo = async () => {
    if (stage.cinema.has(heavy)) {
      const heard = new Set(told.map(({ chat, id, text }) => `${chat.id} ${id} ${text}`));
      for (const message of said)
        if (message.chat === stage.cinema && !heard.has(`${keyOf(message)} ${message.text}`))
          missed.add(message);
      stage.cinema.dismiss(heavy);
    } else stage.cinema.admit(heavy);
  };
  const change = () => {
    const message = oneOf(said);
    if (!message || message.deleted || !message.chat.has(heavy)) return;
    // What was written before the account came, or came back, was not written for it.
    if (message.date < (message.chat.joinedAt(heavy) ?? 0)) return;
    if (random() < 0.3) alice.deletes(message);
    else alice.edits(message, `${message.text}, edited`);
  };
  const join = () => {
    chats.push(dc.world.addSupergroup(`Late ${chats.length}`, { members: ['alice', 'heavy'] }));
  };
  const crash = async () => {
    const dead = account;
    life += 1;
    void dead.close();
    await live();
  };

  dc.limits.slice = 2 + below(10);
  dc.pushes.numbered = random() < 0.5;
  if (rough && random() < 0.5) Object.assign(dc.limits, { mailboxTooLong: 12, channelTooLong: 12 });
  await live();
  await vi.waitFor(() => expect(account.updates).toMatchObject({ catchingUp: false }), patience);
  for (let step = 0; step < steps; step++) {
    const dice = random();
    if (dice < 0.15) dc.world.together(() => Array.from({ length: 2 + below(6) }, say));
    else if (dice < 0.3) spoilPushes();
    else if (dice < 0.34) fault(dc);
    else if (rough && dice < 0.35) join();
    else if (rough && dice < 0.365) await crash();
    else if (rough && dice < 0.38) await comeAndGo();
    else if (rough && dice < 0.48) change();
    else say();
    if (random() < 0.6) await pause(below(20));
  }
  dc.faults.clear();
  stage.cinema.admit(heavy);
  dc.dropConnections();

  const missing = () => {
    const texts = new Map<string, string[]>();
    for (const { chat, id, text } of told)
      texts.set(`${chat.id} ${id}`, [...(texts.get(`${chat.id} ${id}`) ?? []), text]);
    return said
      .filter((message) => !message.deleted && !missed.has(message))
      .filter((message) => !texts.get(keyOf(message))?.includes(message.text))
      .map((message) => `${message.chat.title} ${keyOf(message)}`);
  };
  await vi.waitFor(() => expect(missing(), `seed ${seed}`).toEqual([]), patience);
  await vi.waitFor(
    () => expect(account.updates, `seed ${seed}`).toMatchObject({ catchingUp: false, pending: 0 }),
    patience,
  );
  await account!.close();
  return { told, begun, said, keyOf, store };
};

const seedOf = (index: number): number => Number(process.env['SEED'] ?? 1) + index;

/** Everything at once, as a seed has it: `SEED=… vitest` tries others, and a failure tells which it was. */
export const updatesAtRandom = (stage: Stage): void => {
  describe('the updates of an account, whatever happens at the same time,', { timeout: 120_000 }, () => {
    it('are each told once, in the order of each chat', async () => {
      const seed = seedOf(0);
      const { told, begun, said, keyOf } = await mix(stage, { rough: false, seed });
      const keys = told.map(({ chat, id }) => `${chat.id} ${id}`);
      expect(keys.toSorted(), `seed ${seed}`).toEqual(said.map(keyOf).toSorted());
      for (const ids of begun.values())
        expect(ids, `seed ${seed}`).toEqual(ids.toSorted((one, other) => one - other));
    });

    it.each([1, 2])('are told in their last wording, and nothing that was never said: %i', async (index) => {
      const seed = seedOf(index);
      const { told, said, keyOf } = await mix(stage, { rough: true, seed });
      const known = new Set(said.map(keyOf));
      expect(
        told.filter(({ chat, id }) => !known.has(`${chat.id} ${id}`)),
        `seed ${seed}`,
      ).toEqual([]);
    });
  });
};
