import type { Gop } from './key-frames.ts';

/** A part of a video, from one key frame up to another; `toS` is absent for the last. */
export interface VideoPart {
  /** Seconds from the beginning of the whole. */
  fromS: number;
  toS?: number;
  /** What it was reckoned to take. */
  sizeBytes: number;
  /** How long the stretch that it begins with lasts. */
  firstGopS: number;
}

/** What a file takes besides its packets and their tables. */
const frameBytes = 64 * 1024;

/** The beginnings of the parts where each takes as much as fits; null where a stretch does not. */
const packed = (gops: readonly Gop[], budgetBytes: number): number[] | null => {
  const starts: number[] = [];
  let taken = Number.POSITIVE_INFINITY;
  for (const [index, { sizeBytes }] of gops.entries()) {
    if (sizeBytes > budgetBytes) return null;
    taken += sizeBytes;
    if (taken <= budgetBytes) continue;
    starts.push(index);
    taken = sizeBytes;
  }
  return starts;
};

/**
 * Parts as few as possible, none over `limitBytes`, and about equally large. The same stretches and the same limit always
 * give the same parts. Null where a stretch is larger than the limit, or there is none.
 */
export const planParts = (gops: readonly Gop[], limitBytes: number): VideoPart[] | null => {
  const budget = limitBytes - frameBytes;
  const fewest = packed(gops, budget);
  if (!fewest || fewest.length === 0) return null;
  // The smallest budget that takes no more parts makes them equal.
  let starts = fewest;
  let [tooSmall, enough] = [0, budget];
  while (enough - tooSmall > Math.max(1, budget / 1000)) {
    const middle = Math.floor((tooSmall + enough) / 2);
    const tried = packed(gops, middle);
    if (tried && tried.length === fewest.length) [enough, starts] = [middle, tried];
    else tooSmall = middle;
  }
  return starts.map((start, index) => {
    const end = starts[index + 1];
    const sizeBytes = gops.slice(start, end).reduce((sum, one) => sum + one.sizeBytes, frameBytes);
    const fromS = gops[start]?.startS ?? 0;
    const next = gops[start + 1]?.startS;
    return {
      ...{ fromS: index === 0 ? 0 : fromS, sizeBytes },
      firstGopS: next === undefined ? 1 : next - fromS,
      ...(end === undefined ? {} : { toS: gops[end]?.startS ?? 0 }),
    };
  });
};

/** The part's stretches as two or more parts, each at most half as large as it was reckoned; null where there are no two. */
export const splitAgain = (gops: readonly Gop[], part: VideoPart): VideoPart[] | null => {
  const { fromS, toS = Number.POSITIVE_INFINITY } = part;
  const own = gops.filter(({ startS }, index) => (index === 0 ? 0 : startS) >= fromS && startS < toS);
  const halves = own.length < 2 ? null : planParts(own, Math.ceil(part.sizeBytes * 0.6) + frameBytes);
  if (!halves || halves.length < 2) return null;
  return halves.map((half, index) => ({
    ...half,
    ...(index === 0 ? { fromS } : {}),
    ...(index === halves.length - 1 && part.toS !== undefined ? { toS: part.toS } : {}),
  }));
};
