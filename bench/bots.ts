import { setTimeout as delay } from 'node:timers/promises';
import type { WorldUser } from '@heavy/local-telegram';
import { type BotsStage, type Draft, tripMs, until, withBots } from './bots-stage.ts';
import { memoryMb } from './command-to-video.ts';
import { leastTimeMs } from './least-time.ts';
import { type Bench, percentile, type Row, row } from './row.ts';

interface Size {
  chats: number;
  messages: number;
  broadcast: number;
  /** How long people write at a steady rate, with a broadcast and without. */
  steadySeconds: number;
  /** Of the time over the least. */
  atMost: number;
}

/**
 * The sender spreads a second's calls over that second. The least time has the last of them at its beginning: a second more, which is
 * 2 % of the small size and 0.2 % of the full.
 */
const sizes = {
  tenth: { chats: 100, messages: 1000, broadcast: 500, steadySeconds: 25, atMost: 1.05 },
  full: { chats: 1000, messages: 10_000, broadcast: 5000, steadySeconds: 60, atMost: 1.03 },
} satisfies Record<string, Size>;

/** Who has started the bot: a broadcast goes to them, or to each tenth of them. */
const people = 5000;
/** One in so many chats is a group. */
const oneGroupIn = 10;
/** Messages that somebody waits for, a third of what the limits allow. */
const steadyPerSecond = 10;
const quietMs = 3000;

interface Chat {
  chatId: number;
  isGroup: boolean;
}

/** When each message was seen in its chat, by its text, in milliseconds. */
type Posts = ReadonlyMap<string, number[]>;

const watch = ({ dc }: BotsStage, bot: WorldUser): Posts => {
  const posts = new Map<string, number[]>();
  dc.world.on('event', ({ type, message }) => {
    if (type !== 'new' || message.from !== bot) return;
    const times = posts.get(message.text) ?? [];
    times.push(performance.now());
    posts.set(message.text, times);
  });
  return posts;
};

const peopleOf = ({ dc }: BotsStage, bot: WorldUser): WorldUser[] =>
  Array.from({ length: people }, (_, index) => {
    const user = dc.world.addUser(`user_${index}`);
    user.starts(bot);
    return user;
  });

/** In the small size none of those that the broadcast goes to: what a chat's own limit makes a message wait is not the broadcast's doing. */
const chatsOf = ({ dc }: BotsStage, bot: WorldUser, users: readonly WorldUser[], count: number): Chat[] =>
  users
    .filter((_, index) => index % (people / count) === 1)
    .map((user, index) => {
      if (index % oneGroupIn !== 0) return { chatId: user.id, isGroup: false };
      const group = dc.world.addSupergroup(`Group ${index}`, { members: [user, bot] });
      return { chatId: group.markedIdFor(bot), isGroup: true };
    });

/** As far from each other as chance has it, and the same each time that they are asked for. */
const moments = (seconds: number): number[] => {
  const times: number[] = [];
  let seed = 1;
  for (let at = 0; at < seconds * 1000; ) {
    seed = (seed * 48_271) % 2_147_483_647;
    at += (-Math.log(seed / 2_147_483_647) * 1000) / steadyPerSecond;
    times.push(at);
  }
  return times;
};

/** Load on one bot, on the way through the streams to the chats. */
const loadOf = (stage: BotsStage, bot: WorldUser, size: Size) => {
  const users = peopleOf(stage, bot);
  const chats = chatsOf(stage, bot, users, size.chats);
  const posts = watch(stage, bot);
  const expected: string[] = [];

  const drafts = (stream: Draft['stream'], name: string, count: number, to: readonly Chat[]): Draft[] =>
    Array.from({ length: count }, (_, index) => {
      const { chatId } = to[index % to.length] ?? to[0] ?? { chatId: 0 };
      return { bot, chatId, stream, text: `${name} ${index}` };
    });
  const put = async (list: readonly Draft[]): Promise<void> => {
    expected.push(...list.map(({ text }) => text));
    await stage.put(list);
  };
  const recipients = users
    .filter((_, index) => index % (people / size.broadcast) === 0)
    .map(({ id }) => ({ chatId: id, isGroup: false }));
  const drained = () =>
    until('all messages have left', async () => (await stage.waiting([bot])) === 0, 20 * 60_000);
  /** Milliseconds from its stream to its chat. */
  const waitsOf = (put: ReadonlyMap<string, number>): number[] =>
    [...put].map(([text, at]) => (posts.get(text)?.[0] ?? Number.POSITIVE_INFINITY) - at);

  return {
    posts,
    expected,
    broadcast: (name: string) => put(drafts('broadcast', name, size.broadcast, recipients)),
    drained,
    /** Somebody writes now and then. Resolves with how long each message took. */
    steadily: async (name: string, seconds: number): Promise<number[]> => {
      const times = moments(seconds);
      const startedAt = performance.now();
      const putAt = new Map<string, number>();
      // From the middle on: in the full size the broadcast goes to them too, and would follow them from chat to chat.
      const inTurn = [...chats.slice(chats.length / 2), ...chats.slice(0, chats.length / 2)];
      for (const [index, draft] of drafts('regular', name, times.length, inTurn).entries()) {
        const ahead = startedAt + (times[index] ?? 0) - performance.now();
        if (ahead > 1) await delay(ahead);
        putAt.set(draft.text, performance.now());
        await put([draft]);
      }
      await until('they have left', async () => [...putAt.keys()].every((text) => posts.has(text)));
      return waitsOf(putAt);
    },
    /** All at once. Resolves with the milliseconds to the last of them, and those to each regular one. */
    atOnce: async (name: string): Promise<{ allMs: number; leastMs: number; waits: number[] }> => {
      const regular = drafts('regular', `${name} message`, size.messages, chats);
      const bulk = drafts('broadcast', `${name} broadcast`, size.broadcast, recipients);
      const turns = size.messages / size.broadcast;
      const both = bulk.flatMap((one, index) => [...regular.slice(index * turns, (index + 1) * turns), one]);
      const startedAt = performance.now();
      await put(both);
      await drained();
      const all = both.map(({ text }) => posts.get(text)?.[0] ?? Number.POSITIVE_INFINITY);
      const toChat = new Map<number, number>();
      for (const { chatId } of both) toChat.set(chatId, (toChat.get(chatId) ?? 0) + 1);
      return {
        allMs: all.reduce((last, at) => Math.max(last, at), 0) - startedAt,
        leastMs: leastTimeMs([...toChat].map(([chatId, messages]) => ({ messages, isGroup: chatId < 0 }))),
        waits: waitsOf(new Map(regular.map(({ text }) => [text, startedAt]))),
      };
    },
  };
};

/** One bot under the limits that Telegram documents: as fast as they let it, without being refused. */
const measure = (size: Size, say: (text: string) => void): Promise<Row[]> =>
  withBots(1, async (stage) => {
    const [bot] = await stage.addBots(1);
    const [sender] = stage.senders.values();
    if (!bot || sender?.pid === undefined) throw new Error('There is a bot, and a sender.');
    const { chats, messages, broadcast, steadySeconds } = size;
    const load = loadOf(stage, bot, size);
    const beganAt = Date.now();
    say(`${steadyPerSecond} messages a second for ${steadySeconds} s, a call takes ${tripMs} ms`);
    await load.steadily('warm-up', 2);
    const alone = await load.steadily('alone', steadySeconds);
    await delay(quietMs);
    say(`the same with a broadcast to ${broadcast}`);
    await load.broadcast('beside');
    const beside = await load.steadily('beside it', steadySeconds);
    if ((await stage.waiting([bot])) === 0) say('the broadcast was over before its end: the figure flatters');
    await load.drained();
    await delay(quietMs);
    say(`${messages} messages to ${chats} chats and a broadcast to ${broadcast} at once`);
    const { allMs, leastMs, waits } = await load.atOnce('at once');

    const refused = stage.botApi.calls.filter(({ status }) => status === 429);
    const late = refused.filter(({ at }) => at > beganAt + 60_000);
    const wrong = load.expected.filter((text) => load.posts.get(text)?.length !== 1);
    const about = `bots: ${messages} messages to ${chats} chats and a broadcast to ${broadcast} at once`;
    const p95 = (values: number[]) => percentile(values, 95);
    return [
      row(`${about}: time, beside the least`, allMs / 1000, 's', leastMs / 1000, { atMost: size.atMost }),
      row(`${about}: wait of a regular message, p95`, p95(waits) / 1000, 's'),
      row(
        `bots: wait of a regular message during a broadcast, beside without, p95`,
        ...([p95(beside), 'ms', p95(alone), { atMost: 1.5 }] as const),
      ),
      row('bots: answers 429', refused.length, ''),
      row('bots: answers 429 after the first minute', late.length, '', null, { atMost: 0 }),
      row('bots: messages lost or doubled', wrong.length, '', null, { atMost: 0 }),
      row('bots: RSS of the sender', await memoryMb(sender.pid, 'VmRSS'), 'MB'),
      row('bots: RSS of the sender, peak', await memoryMb(sender.pid, 'VmHWM'), 'MB'),
    ];
  });

export const bots: Bench = { name: 'bots', run: (say) => measure(sizes.tenth, say) };

/** Under 30 messages a second this takes a quarter of an hour. */
export const botsFull: Bench = {
  name: 'bots-full',
  onlyByName: true,
  run: (say) => measure(sizes.full, say),
};
