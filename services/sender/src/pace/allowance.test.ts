import { describe, expect, it } from 'vitest';
import { createAllowance, recoveryMs } from './allowance.ts';

const start = 1_790_000_000_000;
const minute = 60_000;

/** When `count` calls that are asked for at once have their turns, in seconds from then. */
const turns = (allowance: ReturnType<typeof createAllowance>, now: number, count: number) =>
  Array.from({ length: count }, () => (allowance.reserve(now) - now) / 1000);

describe('createAllowance', () => {
  it('lets go at once what twenty quiet seconds have saved up, and the rest at its pace', () => {
    const allowance = createAllowance(2);
    expect(turns(allowance, start, 43)).toEqual([...Array(40).fill(0), 0.5, 1, 1.5]);
    expect(turns(allowance, start + 1500, 1)).toEqual([0.5]);
    // Saved up again, and no more than that.
    expect(turns(allowance, start + 100_000, 41)).toEqual([...Array(40).fill(0), 0.5]);
  });

  it('lets everything go at a rate of 0, also after a wait', () => {
    const allowance = createAllowance(0);
    allowance.impose(5000, start, start);
    expect(allowance.until).toBe(start + 5000);
    expect(turns(allowance, start + 5000, 1000)).toEqual(Array(1000).fill(0));
  });

  it('is half as fast after a wait, beginning with one call', () => {
    const allowance = createAllowance(2);
    allowance.impose(30_000, start, start);
    expect(turns(allowance, allowance.until, 3)).toEqual([0, 1, 2]);
  });

  it('gains a tenth of the configured rate in each quiet minute, up to that rate', () => {
    const allowance = createAllowance(2);
    allowance.impose(30_000, start, start);
    const over = start + 30_000;
    expect([0, 1, 3, 5, 50].map((minutes) => allowance.rateAt(over + minutes * minute))).toEqual([
      ...[1, 1.2, 1.6, 2, 2],
    ]);
    expect(allowance.rateAt(over - 1)).toBe(1);
  });

  it('halves once for calls that were under way together, and again for one that was made since', () => {
    const allowance = createAllowance(8);
    allowance.impose(10_000, start + 100, start);
    allowance.impose(12_000, start + 200, start + 50);
    expect(allowance.rateAt(start + 200)).toBe(4);
    expect(allowance.until).toBe(start + 12_200);
    allowance.impose(1000, start + 12_300, start + 12_250);
    expect(allowance.rateAt(start + 12_300)).toBeCloseTo(2, 1);
  });

  it('is never slower than a 32nd of the configured rate', () => {
    const allowance = createAllowance(32);
    for (let n = 0; n < 50; n += 1) allowance.impose(1000, start + n * 1000, start + n * 1000);
    expect(allowance.rateAt(start + 49_000)).toBe(1);
    expect(allowance.rateAt(allowance.until + recoveryMs)).toBe(32);
  });

  it('goes on in another process where it was', () => {
    const allowance = createAllowance(2);
    allowance.impose(30_000, start, start);
    const next = createAllowance(2);
    next.restore(JSON.parse(JSON.stringify(allowance.state())));
    expect(next.until).toBe(start + 30_000);
    expect(turns(next, next.until, 3)).toEqual([0, 1, 2]);
    expect(next.rateAt(next.until + minute)).toBe(1.2);
  });

  it('has a turn again that was given back', () => {
    const allowance = createAllowance(0.05);
    expect(turns(allowance, start, 2)).toEqual([0, 20]);
    allowance.giveBack();
    expect(turns(allowance, start, 1)).toEqual([20]);
  });

  it('is fresh once nothing of it is worth remembering', () => {
    const allowance = createAllowance(1);
    allowance.reserve(start);
    expect(allowance.isFresh(start)).toBe(false);
    expect(allowance.isFresh(start + 21_000)).toBe(true);
    allowance.impose(1000, start, start);
    expect(allowance.isFresh(start + 60_000)).toBe(false);
    expect(allowance.isFresh(start + recoveryMs)).toBe(true);
  });
});
