/** At most so many in any stretch of time that long. */
export interface Allowance {
  readonly count: number;
  readonly perMs: number;
}

/** How much one bot may do; null is without a limit. What was refused is not counted. */
export interface BotApiLimits {
  /** Messages to all chats. */
  readonly sends: Allowance | null;
  /** Messages to one chat: one a second on average, three of them at once. */
  readonly sendsPerChat: Allowance | null;
  /** Messages to one group or supergroup. */
  readonly sendsPerGroup: Allowance | null;
  /** Edits in one chat. */
  readonly editsPerChat: Allowance | null;
}

/** https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this; that of edits is known from experience. */
export const documentedLimits: BotApiLimits = {
  sends: { count: 30, perMs: 1000 },
  sendsPerChat: { count: 3, perMs: 3000 },
  sendsPerGroup: { count: 20, perMs: 60_000 },
  editsPerChat: { count: 20, perMs: 60_000 },
};

export const noLimits: BotApiLimits = {
  sends: null,
  sendsPerChat: null,
  sendsPerGroup: null,
  editsPerChat: null,
};

/** Below so many keys nothing is swept. */
const fewKeys = 1024;

/** Counts by key over a sliding window. It remembers the last `count` times of each key and forgets keys that are at rest. */
class SlidingWindow {
  #allowance: Allowance;
  #times = new Map<string, number[]>();
  #sweepAt = fewKeys;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How long until one more is allowed; 0 is now. */
  waitMs(key: string, nowMs: number): number {
    const times = this.#times.get(key);
    if (!times || times.length < this.#allowance.count) return 0;
    return Math.max(0, (times[0] ?? 0) + this.#allowance.perMs - nowMs);
  }

  add(key: string, nowMs: number): void {
    const times = this.#times.get(key) ?? [];
    times.push(nowMs);
    if (times.length > this.#allowance.count) times.shift();
    this.#times.set(key, times);
    if (this.#times.size >= this.#sweepAt) this.#sweep(nowMs);
  }

  #sweep(nowMs: number): void {
    for (const [key, times] of this.#times)
      if ((times.at(-1) ?? 0) + this.#allowance.perMs <= nowMs) this.#times.delete(key);
    this.#sweepAt = Math.max(fewKeys, this.#times.size * 2);
  }
}

/** What is about to be done: by which bot, in which chat. */
export interface Doing {
  readonly what: 'send' | 'edit';
  readonly botId: number;
  /** Marked: negative is a group. */
  readonly chatId: number;
}

/** Counts what bots do, each on its own. */
export class Limiter {
  #windows: Record<keyof BotApiLimits, SlidingWindow | null>;
  #nowMs: () => number;

  /** `nowMs` tells the time of a clock that never goes back. */
  constructor(limits: BotApiLimits, nowMs: () => number) {
    const windowOf = (allowance: Allowance | null) => allowance && new SlidingWindow(allowance);
    this.#windows = {
      sends: windowOf(limits.sends),
      sendsPerChat: windowOf(limits.sendsPerChat),
      sendsPerGroup: windowOf(limits.sendsPerGroup),
      editsPerChat: windowOf(limits.editsPerChat),
    };
    this.#nowMs = nowMs;
  }

  /** Counts it where all limits allow it, and answers 0; otherwise counts nothing and answers how long to wait. */
  take(doing: Doing): number {
    const nowMs = this.#nowMs();
    const windows = this.#windowsOf(doing);
    const waitMs = Math.max(0, ...windows.map(([window, key]) => window.waitMs(key, nowMs)));
    if (waitMs === 0) for (const [window, key] of windows) window.add(key, nowMs);
    return waitMs;
  }

  #windowsOf({ what, botId, chatId }: Doing): [SlidingWindow, string][] {
    const { sends, sendsPerChat, sendsPerGroup, editsPerChat } = this.#windows;
    const chat = `${botId} ${chatId}`;
    const all: [SlidingWindow | null, string][] =
      what === 'edit'
        ? [[editsPerChat, chat]]
        : [
            [sends, String(botId)],
            [sendsPerChat, chat],
            [chatId < 0 ? sendsPerGroup : null, chat],
          ];
    return all.filter((pair): pair is [SlidingWindow, string] => pair[0] !== null);
  }
}
