import { setTimeout as delay } from 'node:timers/promises';
import type { BotLogEntry } from '@heavy/contracts';
import type { WorldUser } from '@heavy/local-telegram';
import { type BotsStage, type Draft, streams, until, withBots } from './bots-stage.ts';
import { type Bench, percentile, type Row, row } from './row.ts';

const botCount = 50;
const replicas = 3;
const peopleOfEach = 5;
/** Between two messages of one bot. */
const everyMs = 500;
/** In which a tenth of the bots is given one each. */
const ticks = 10;
const secondsBefore = 10;
const secondsAfter = 30;

/** Of each bot: its messages by text, with the times at which they were seen. */
type Seen = ReadonlyMap<WorldUser, ReadonlyMap<string, number[]>>;

const watch = ({ dc }: BotsStage, bots: readonly WorldUser[]): Seen => {
  const seen = new Map(bots.map((bot) => [bot, new Map<string, number[]>()]));
  dc.world.on('event', ({ type, message: { from, text } }) => {
    const of = type === 'new' && from ? seen.get(from) : undefined;
    of?.set(text, [...(of.get(text) ?? []), performance.now()]);
  });
  return seen;
};

/** Has all bots write, a few at a time, so that something is always on its way. Resolves with what they were given, once told to stop. */
const write = async (
  stage: BotsStage,
  people: ReadonlyMap<WorldUser, readonly WorldUser[]>,
  signal: AbortSignal,
): Promise<Draft[]> => {
  const written: Draft[] = [];
  const startedAt = performance.now();
  for (let tick = 0; !signal.aborted; tick += 1) {
    const turn = Math.floor(tick / ticks);
    const drafts = [...people]
      .filter((_, index) => index % ticks === tick % ticks)
      .map(([bot, users]): Draft => {
        const chatId = users[turn % users.length]?.id ?? 0;
        return { bot, chatId, text: `message ${turn}`, stream: turn % 2 === 0 ? 'regular' : 'broadcast' };
      });
    await stage.put(drafts);
    written.push(...drafts);
    await delay(Math.max(0, startedAt + ((tick + 1) * everyMs) / ticks - performance.now()));
  }
  return written;
};

/** Texts that the bot's log tells may have been sent. */
const doubtfulOf = async ({ redis }: BotsStage, { id }: WorldUser): Promise<Set<string | undefined>> => {
  const rows = await redis.xrange(streams.logs(id), '-', '+');
  const entries = rows.map(
    ([, fields]) => JSON.parse(fields[fields.indexOf('data') + 1] ?? '') as BotLogEntry,
  );
  const doubtful = entries.filter(({ details }) => details?.includes('may have been sent'));
  return new Set(doubtful.map(({ text }) => text));
};

/** The longest time in which nothing of a bot was seen, from shortly before the death on. */
const pauseMs = (times: readonly number[], killedAt: number): number => {
  const sorted = times.toSorted((a, b) => a - b);
  const gaps = sorted.slice(1).map((at, index) => (at > killedAt ? at - (sorted[index] ?? at) : 0));
  return gaps.reduce((longest, gap) => Math.max(longest, gap), 0);
};

const measure = (say: (text: string) => void): Promise<Row[]> =>
  withBots(replicas, async (stage) => {
    const bots = await stage.addBots(botCount);
    const ids = bots.map(({ id }) => id);
    await until('the bots are shared out', async () => {
      const holders = await stage.holders(ids);
      const least = Math.floor(botCount / replicas);
      return [...stage.senders.keys()].every((name) => holders.filter((one) => one === name).length >= least);
    });
    const people = new Map(
      bots.map((bot, of) => {
        const users = Array.from({ length: peopleOfEach }, (_, index) =>
          stage.dc.world.addUser(`user_${of}_${index}`),
        );
        for (const user of users) user.starts(bot);
        return [bot, users] as const;
      }),
    );
    const seen = watch(stage, bots);
    const enough = new AbortController();
    say(`${botCount} bots on ${replicas} replicas, ${1000 / everyMs} messages a second each`);
    const writing = write(stage, people, enough.signal);
    await delay(secondsBefore * 1000);

    // The one that follows the control stream, too.
    const [name] = await stage.holders(['control']);
    const holders = await stage.holders(ids);
    const victim = stage.senders.get(name ?? '');
    if (!victim) throw new Error('Nobody follows the control stream.');
    const killedAt = performance.now();
    await victim.end(0);
    say(`${name} is killed`);
    await delay(secondsAfter * 1000);
    enough.abort();
    const written = await writing;
    await until('all messages have left', async () => (await stage.waiting(bots)) === 0);

    const doubtful = new Map<WorldUser, Set<string | undefined>>();
    for (const bot of bots) doubtful.set(bot, await doubtfulOf(stage, bot));
    const counted = written.map(({ bot, text }) => ({
      times: seen.get(bot)?.get(text)?.length ?? 0,
      isDoubtful: doubtful.get(bot)?.has(text) ?? false,
    }));
    const lost = counted.filter(({ times, isDoubtful }) => times === 0 && !isDoubtful);
    const doubled = counted.filter(({ times }) => times > 1);
    const pauses = (moved: boolean): number[] =>
      bots
        .filter((_, index) => (holders[index] === name) === moved)
        .map((bot) => pauseMs([...(seen.get(bot)?.values() ?? [])].flat(), killedAt) / 1000);
    const about = `${botCount} bots on ${replicas} replicas, one killed`;
    return [
      row(`${about}: messages lost, of ${written.length}`, lost.length, '', null, { atMost: 0 }),
      row(`${about}: messages doubled`, doubled.length, '', null, { atMost: 0 }),
      row(`${about}: told as ambiguous`, counted.filter(({ isDoubtful }) => isDoubtful).length, ''),
      row(`${about}: pause of a bot that moved, p50`, percentile(pauses(true), 50), 's'),
      row(`${about}: pause of a bot that moved, longest`, percentile(pauses(true), 100), 's', null, {
        atMost: 15,
      }),
      row(`${about}: pause of the others, longest`, percentile(pauses(false), 100), 's'),
    ];
  });

export const botsReplicas: Bench = { name: 'bots-replicas', run: measure };
