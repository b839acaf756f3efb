import { describe, expect, it } from 'vitest';
import type { Gop } from './key-frames.ts';
import { planParts, splitAgain } from './plan-parts.ts';

const megabyte = 1_000_000;
/** Stretches of two seconds. */
const gops = (sizes: number[]): Gop[] =>
  sizes.map((size, index) => ({ startS: 2 * index, sizeBytes: size * megabyte }));
const alike = (count: number, size: number) => gops(Array.from({ length: count }, () => size));

describe('planParts', () => {
  it('makes as few parts as possible, about equally large, from end to end', () => {
    const parts = planParts(alike(100, 1), 40 * megabyte)!;
    expect(parts.map(({ fromS, toS }) => [fromS, toS])).toEqual([
      [0, 68],
      [68, 136],
      [136, undefined],
    ]);
    for (const { sizeBytes } of parts) expect(sizeBytes).toBeLessThanOrEqual(40 * megabyte);
  });

  it('puts no part over the limit, whatever the sizes, and leaves nothing out', () => {
    const sizes = Array.from({ length: 500 }, (_, index) => 0.2 + ((index * 7919) % 97) / 40);
    const parts = planParts(gops(sizes), 30 * megabyte)!;
    const total = sizes.reduce((sum, size) => sum + size * megabyte, 0);
    expect(Math.max(...parts.map(({ sizeBytes }) => sizeBytes))).toBeLessThanOrEqual(30 * megabyte);
    expect(parts.reduce((sum, { sizeBytes }) => sum + sizeBytes - 65_536, 0)).toBeCloseTo(total, -1);
    for (const [index, { toS }] of parts.entries()) expect(toS).toBe(parts[index + 1]?.fromS);
    expect(parts).toHaveLength(Math.ceil(total / (30 * megabyte - 65_536)));
  });

  it('begins with the file, also where the first picture comes later', () => {
    const late = alike(10, 1).map((gop) => ({ ...gop, startS: gop.startS + 0.5 }));
    expect(planParts(late, 6 * megabyte)?.[0]).toMatchObject({ fromS: 0, toS: 10.5 });
  });

  it('is null where a stretch is larger than the limit, or there is none', () => {
    expect(planParts(gops([1, 1, 7, 1]), 6 * megabyte)).toBeNull();
    expect(planParts([], 6 * megabyte)).toBeNull();
  });
});

describe('splitAgain', () => {
  const all = alike(30, 1);
  const parts = planParts(all, 11 * megabyte)!;

  it.each([0, 1, 2])('makes two of part %i that are where it was', (index) => {
    const { fromS, toS, sizeBytes } = parts[index]!;
    const halves = splitAgain(all, parts[index]!)!;
    expect(halves).toHaveLength(2);
    expect([halves[0]?.fromS, halves[1]?.toS]).toEqual([fromS, toS]);
    expect(halves[0]?.toS).toBe(halves[1]?.fromS);
    for (const half of halves) expect(half.sizeBytes).toBeLessThan(0.7 * sizeBytes);
  });

  it('is null for a single stretch', () => {
    expect(splitAgain(all, { fromS: 2, toS: 4, sizeBytes: megabyte, firstGopS: 2 })).toBeNull();
  });
});
