/** Seconds of quiet that one burst is saved up in. */
const burstS = 20;
/** A pace that was halved gets back this part of the configured one in each quiet minute. */
const recoveredPerMinute = 0.1;
/** The slowest pace, as a part of the configured one. */
const slowest = 1 / 32;

/** What is worth keeping of an allowance; Unix times in milliseconds. */
export interface AllowanceState {
  /** The end of the wait that Telegram imposed last. */
  until: number;
  /** Calls per second from then on. */
  rate: number;
}

/** After so long an allowance is as if nothing had been imposed on it. */
export const recoveryMs = Math.ceil((1 - slowest) / recoveredPerMinute) * 60_000;

/**
 * How fast calls of one scope may follow each other: a token bucket whose rate is halved by each wait that Telegram imposes and
 * comes back by a tenth of `configured` (calls per second) in each quiet minute. At 0 nothing is paced, and waits are kept all the same.
 * Times are Unix milliseconds.
 */
export const createAllowance = (configured: number) => {
  let until = 0;
  let learned = configured;
  /** Below zero: calls that have their turn, and wait for it. */
  let tokens = Math.max(1, configured * burstS);
  let countedAt = 0;
  let imposedAt = Number.NEGATIVE_INFINITY;
  let impositions = 0;

  const rateAt = (now: number): number => {
    const quietMinutes = Math.max(0, now - until) / 60_000;
    return Math.min(configured, learned + configured * recoveredPerMinute * quietMinutes);
  };
  /** After a wait there is one call at once, and then the pace: what was held back must not go out all together. */
  const beginAnew = (): void => {
    tokens = 1;
    countedAt = until;
    impositions += 1;
  };

  return {
    get until() {
      return until;
    },
    /** Grows with each wait: what was reserved before the last one is void. */
    get impositions() {
      return impositions;
    },
    rateAt,
    /** Takes the next turn, and says when that is. */
    reserve: (now: number): number => {
      if (configured === 0) return now;
      const rate = rateAt(now);
      const saved = (Math.max(0, now - countedAt) / 1000) * rate;
      tokens = Math.min(Math.max(1, rate * burstS), tokens + saved) - 1;
      countedAt = Math.max(now, countedAt);
      return tokens >= 0 ? now : now + (-tokens / rate) * 1000;
    },
    /** For a turn that is not used. */
    giveBack: (): void => {
      tokens += 1;
    },
    /** Takes a wait into account which is the answer to a call that was made at `calledAt`. */
    impose: (waitMs: number, now: number, calledAt: number): void => {
      const rate = rateAt(now);
      // Calls that were under way together are told the same thing: it is learned once.
      if (calledAt >= imposedAt) learned = Math.max(configured * slowest, rate / 2);
      imposedAt = now;
      until = Math.max(until, now + waitMs);
      beginAnew();
    },
    state: (): AllowanceState => ({ until, rate: learned }),
    restore: (state: AllowanceState): void => {
      until = state.until;
      learned = Math.min(configured, Math.max(configured * slowest, state.rate));
      beginAnew();
    },
    /** Nothing of it is worth remembering. */
    isFresh: (now: number): boolean =>
      now >= until && rateAt(now) === configured && now - countedAt > burstS * 1000 && tokens >= 0,
  };
};

export type Allowance = ReturnType<typeof createAllowance>;
