/** One call to the Bot API, as the limits see it; times are `clock()`'s. */
export interface Turn {
  sentAt: number;
  /** Unset while it is under way. */
  answeredAt?: number;
}

/** So many calls in so many milliseconds; 0 calls stand for no limit. */
export interface Rate {
  count: number;
  windowMs: number;
  /** So many calls may follow on each other at once; the others are spread evenly. Without it, all of a window. */
  burst?: number;
}

/** Keeps calls within one limit. */
export interface Pace {
  /** From when on the next call is within the limit, as far as is known now; with `spare`, from when on as many could follow it at once. */
  readyAt(now: number, spare?: number): number;
  /** Counts a call. */
  take(turn: Turn): void;
  /** Takes one back that did not leave. */
  giveBack(turn: Turn): void;
  /** Telegram asked for a pause though the limit was kept: the window is longer from now on, and recovers. */
  slowDown(now: number): void;
  /** Whether the calls before the last one use up half of the limit within a window, so that its refusal may be for them. */
  isHalfUsed(now: number): boolean;
  /** When calls of the last window were sent. */
  recent(now: number): number[];
}

/** Milliseconds since the epoch that never go back, so that nobody who sets the clock makes a chat wait. */
export const clock = (): number => performance.timeOrigin + performance.now();

/** Beyond the window, for clocks that count in whole milliseconds. */
const marginMs = 3;
/** A call that has not been answered for so long is taken to have been counted by then: it may hang for a minute. */
const lagMs = 5000;
const slower = 1.1;
const slowest = 2;
const recoveryMs = 5 * 60_000;

/**
 * A sliding window, as Telegram is thought to count: in no window may more than `count` calls reach it. When a call reached it is known
 * only to lie between sending and answer; `leastTripMs`, the shortest time that a call has taken of late, is what a call
 * needs in any case, and shortens the wait. So jitter leads to no refusal, and steady latency costs nothing.
 */
export const createPace = ({ count, windowMs, burst }: Rate, leastTripMs: () => number): Pace => {
  let turns: Turn[] = [];
  let evenAt = 0;
  let factor = 1;
  let slowedAt = 0;

  const window = (now: number): number =>
    windowMs * (1 + (factor - 1) * 0.5 ** ((now - slowedAt) / recoveryMs)) + marginMs;
  /** The latest time at which a call can have been counted. */
  const countedBy = ({ sentAt, answeredAt }: Turn): number =>
    answeredAt === undefined ? sentAt + lagMs : Math.max(sentAt, answeredAt - leastTripMs());
  const within = (now: number): Turn[] => turns.filter(({ sentAt }) => sentAt > now - windowMs);

  return {
    readyAt: (now, spare = 0) => {
      if (count === 0) return 0;
      const most = Math.max(1, count - spare);
      const counted = turns.length < most ? [] : turns.map(countedBy).sort((a, b) => b - a);
      const first = counted[most - 1];
      const freeAt = first === undefined ? 0 : first + window(now);
      if (burst === undefined) return freeAt;
      return Math.max(freeAt, evenAt - (Math.max(0, burst - 1 - spare) * window(now)) / count);
    },
    take: (turn) => {
      if (count === 0) return;
      if (turns.length >= 2 * count) turns = within(turn.sentAt - 2 * windowMs);
      turns.push(turn);
      if (burst !== undefined) evenAt = Math.max(evenAt, turn.sentAt) + window(turn.sentAt) / count;
    },
    giveBack: (turn) => {
      turns = turns.filter((one) => one !== turn);
    },
    slowDown: (now) => {
      factor = Math.min(slowest, (window(now) / windowMs) * slower);
      slowedAt = now;
    },
    isHalfUsed: (now) => count > 0 && within(now).length - 1 >= count / 2,
    recent: (now) => within(now).map(({ sentAt }) => sentAt),
  };
};

const tripsKeptMs = 60_000;
const warmUpMs = 5000;
const fewestTrips = 30;

/**
 * The shortest time that a call has taken in the last minute or two. 0 until enough of them have shown it: the first ones make connections
 * and meet cold caches, and who took theirs for the shortest would send the next ones too early.
 */
export const createLeastTrip = (now = clock): { ms: () => number; add: (ms: number) => void } => {
  const none = { trips: 0, least: Number.POSITIVE_INFINITY };
  let [before, current] = [none, none];
  let [firstAt, since] = [Number.POSITIVE_INFINITY, now()];
  return {
    ms: () => {
      const isShown = now() - firstAt >= warmUpMs && before.trips + current.trips >= fewestTrips;
      return isShown ? Math.min(before.least, current.least) : 0;
    },
    add: (ms) => {
      firstAt = Math.min(firstAt, now());
      if (now() - since > tripsKeptMs) [before, current, since] = [current, none, now()];
      current = { trips: current.trips + 1, least: Math.min(current.least, ms) };
    },
  };
};
