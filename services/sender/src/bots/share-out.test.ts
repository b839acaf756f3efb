import { describe, expect, it } from 'vitest';
import { shareOut } from './share-out.ts';

const spread = (holders: ReadonlyMap<number, string | undefined>, replicas: string[]): number[] =>
  replicas.map((replica) => [...holders.values()].filter((holder) => holder === replica).length);

/** Lets replicas act by turns, as often as it takes. */
const settle = (
  start: (string | undefined)[],
  replicas: string[],
  turns = 20,
): Map<number, string | undefined> => {
  const holders = new Map(start.map((holder, bot) => [bot, holder]));
  for (let turn = 0; turn < turns; turn += 1)
    for (const me of replicas) {
      const { take, give } = shareOut({ me, replicas, holders });
      for (const bot of take) if (holders.get(bot) === undefined) holders.set(bot, me);
      for (const bot of give) if (holders.get(bot) === me) holders.set(bot, undefined);
    }
  return holders;
};

describe('shareOut', () => {
  it('gives everything to the only one', () => {
    const holders = new Map([...'abcdef'].map((_, bot) => [bot, undefined] as const));
    expect(shareOut({ me: 'x', replicas: ['x'], holders }).take).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('leaves what is dead to its lease', () => {
    const holders = new Map([[0, 'dead']]);
    expect(shareOut({ me: 'x', replicas: ['x'], holders })).toEqual({ take: [], give: [] });
  });

  it('ends with every bot served, nobody having two more than another, and rests there', () => {
    for (let bots = 0; bots <= 13; bots += 1)
      for (let count = 1; count <= 5; count += 1) {
        const replicas = [...'vwxyz'].slice(0, count);
        for (const start of [
          Array.from({ length: bots }, () => undefined),
          Array.from({ length: bots }, () => 'v'),
          Array.from({ length: bots }, (_, bot) =>
            bot % 3 === 0 ? undefined : bot % 2 === 0 ? 'v' : replicas.at(-1),
          ),
        ]) {
          const holders = settle(start, replicas);
          const counts = spread(holders, replicas);
          expect(
            counts.reduce((sum, one) => sum + one, 0),
            `${bots} bots, ${count} replicas`,
          ).toBe(bots);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          for (const me of replicas)
            expect(shareOut({ me, replicas, holders })).toEqual({ take: [], give: [] });
        }
      }
  });
});
