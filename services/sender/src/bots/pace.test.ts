import { describe, expect, it } from 'vitest';
import { createLeastTrip, createPace, type Turn } from './pace.ts';

const second = { count: 3, windowMs: 1000 };

/** Sends as fast as the pace lets it; each call takes what `trip` says. Returns when each was counted: at the end of its way there. */
const run = (calls: number, trip: (call: number) => number, leastMs: number): number[] => {
  const pace = createPace(second, () => leastMs);
  const counted: number[] = [];
  let now = 0;
  for (let call = 0; call < calls; call += 1) {
    now = Math.max(now, pace.readyAt(now));
    const ms = trip(call);
    const turn: Turn = { sentAt: now, answeredAt: now + ms };
    pace.take(turn);
    counted.push(now + ms - leastMs / 2);
  }
  return counted;
};
const mostInAWindow = (times: number[]): number => {
  const inOrder = times.toSorted((a, b) => a - b);
  return Math.max(...inOrder.map((from) => inOrder.filter((at) => at >= from && at < from + 1000).length));
};

describe('createPace', () => {
  it('lets a window’s calls leave at once, and the next one after it', () => {
    const pace = createPace(second, () => 0);
    for (let call = 0; call < 3; call += 1) {
      expect(pace.readyAt(5000)).toBeLessThanOrEqual(5000);
      pace.take({ sentAt: 5000, answeredAt: 5000 });
    }
    expect(pace.readyAt(5000)).toBe(6003);
  });

  it('has no more calls counted in a window than the limit, however their ways differ', () => {
    let seed = 7;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    expect(mostInAWindow(run(300, () => 20 + 400 * random(), 20))).toBe(3);
  });

  it('loses nothing by a latency that stays the same', () => {
    const times = run(301, () => 200, 200);
    expect(times.at(-1)).toBeCloseTo(100 * 1003 + 100, 3);
  });

  it('counts a call that is not answered for as long as it may not have arrived', () => {
    const pace = createPace({ count: 1, windowMs: 1000 }, () => 0);
    const turn: Turn = { sentAt: 0 };
    pace.take(turn);
    expect(pace.readyAt(10)).toBeGreaterThan(5000);
    turn.answeredAt = 400;
    expect(pace.readyAt(500)).toBe(1403);
    pace.giveBack(turn);
    expect(pace.readyAt(500)).toBe(0);
  });

  it('spreads calls where it is told to', () => {
    const pace = createPace({ count: 10, windowMs: 1000, burst: 2 }, () => 0);
    let now = 0;
    const gaps: number[] = [];
    for (let call = 0; call < 6; call += 1) {
      const at = Math.max(now, pace.readyAt(now));
      gaps.push(Math.round(at - now));
      now = at;
      pace.take({ sentAt: now, answeredAt: now });
    }
    expect(gaps).toEqual([0, 0, 100, 100, 100, 100]);
  });

  it('tells from when on some calls are left besides the next', () => {
    const pace = createPace({ count: 10, windowMs: 1000, burst: 4 }, () => 0);
    for (let call = 0; call < 8; call += 1) pace.take({ sentAt: call * 100, answeredAt: call * 100 });
    expect(pace.readyAt(2000)).toBeLessThanOrEqual(2000);
    expect(pace.readyAt(700)).toBeLessThanOrEqual(700);
    // Of ten a second two are left now, and a third from when the first of the eight is past.
    expect(pace.readyAt(700, 1)).toBeLessThanOrEqual(700);
    expect(pace.readyAt(700, 2)).toBe(1003);
    // One that does nothing else keeps none.
    expect(createPace({ count: 1, windowMs: 1000 }, () => 0).readyAt(0, 2)).toBe(0);
  });

  it('slows down when it is refused all the same, and recovers', () => {
    const pace = createPace({ count: 1, windowMs: 1000 }, () => 0);
    pace.take({ sentAt: 0, answeredAt: 0 });
    pace.slowDown(0);
    expect(pace.readyAt(0)).toBeGreaterThan(1100);
    for (let refusal = 0; refusal < 50; refusal += 1) pace.slowDown(0);
    expect(pace.readyAt(0)).toBeLessThanOrEqual(2003);
    expect(pace.readyAt(60 * 60_000)).toBeLessThan(1010);
  });

  it('has no limit of 0 calls', () => {
    const pace = createPace({ count: 0, windowMs: 1000 }, () => 0);
    pace.take({ sentAt: 0 });
    expect(pace.readyAt(0)).toBe(0);
    expect(pace.isHalfUsed(0)).toBe(false);
  });
});

describe('createLeastTrip', () => {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  const many = (trip: ReturnType<typeof createLeastTrip>, ms: number): void => {
    for (let call = 0; call < 30; call += 1) trip.add(ms + call);
  };

  it('is the shortest of the last minute or two', () => {
    const trip = createLeastTrip(() => now);
    many(trip, 30);
    pass(5000);
    expect(trip.ms()).toBe(30);
    trip.add(12);
    expect(trip.ms()).toBe(12);
    pass(61_000);
    many(trip, 40);
    expect(trip.ms()).toBe(12);
    pass(61_000);
    trip.add(50);
    expect(trip.ms()).toBe(40);
  });

  it('is not told by the first calls, which are slow, nor by a few', () => {
    const trip = createLeastTrip(() => now);
    expect(trip.ms()).toBe(0);
    many(trip, 300);
    pass(4999);
    expect(trip.ms()).toBe(0);
    pass(61_000);
    trip.add(20);
    pass(61_000);
    trip.add(20);
    expect(trip.ms()).toBe(0);
  });

  it('keeps calls within the limit where the first ones had to connect', () => {
    const trip = createLeastTrip(() => now);
    const pace = createPace({ count: 1, windowMs: 1000 }, trip.ms);
    // Counted 290 ms after it was sent; the next is, after 5.
    pace.take({ sentAt: 0, answeredAt: 300 });
    trip.add(300);
    expect(pace.readyAt(300) + 5 - 290).toBeGreaterThanOrEqual(1000);
  });
});
