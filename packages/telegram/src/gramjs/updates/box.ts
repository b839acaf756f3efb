import type { Logger } from '../../logger.ts';
import type { MessageUpdate } from '../messages.ts';
import { Progress } from './progress.ts';
import { type Counted, Sequence } from './sequence.ts';

/** An update of a box, and the message that it carries, if any. */
export interface BoxUpdate extends Counted {
  message?: MessageUpdate;
}

export interface BoxOptions {
  /** Where it stands. */
  pts: number;
  /** Fetches what is missing, by `box.arrive` under `box.hold`. Resolves when there is nothing left to fetch; never rejects. */
  fetch: (box: Box) => Promise<void>;
  /** Hands a message on; settles when it has been dealt with. */
  tell: (message: MessageUpdate) => Promise<void>;
  /** Told of each state up to which everything has been dealt with. */
  onSettled: (pts: number) => void;
  /** How long what is missing has to come by itself, in milliseconds. */
  gapMs: number;
  log: Logger;
}

/** A gap that a difference did not fill is asked about less and less often, down to this. */
const longestGapMs = 30_000;

/**
 * One sequence of updates that is kept whole: an account's private chats and basic groups, or one channel. What is missing is
 * waited for, and then fetched.
 */
export class Box {
  /** Gaps that were found, and updates that came twice. */
  readonly counts = { gaps: 0, repeats: 0 };
  readonly #options: BoxOptions;
  readonly #sequence: Sequence<BoxUpdate>;
  readonly #progress: Progress;
  #filling = false;
  #again = false;
  #closed = false;
  #gapTimer: NodeJS.Timeout | undefined;
  /** Times that the present gap has been asked about. */
  #asked = 0;

  constructor(options: BoxOptions) {
    this.#options = options;
    this.#progress = new Progress(options.onSettled);
    this.#sequence = new Sequence(options.pts, ({ pts, message }) =>
      this.#reach(pts, message ? [message] : []),
    );
  }

  get pts(): number {
    return this.#sequence.pts;
  }

  get filling(): boolean {
    return this.#filling;
  }

  /** Takes an update as it comes. */
  offer(update: BoxUpdate): void {
    if (!this.#sequence.offer(update)) this.counts.repeats += 1;
    this.#watchForGap();
  }

  /** Leaves an update until the next difference has come. */
  postpone(update: BoxUpdate): void {
    this.#sequence.keep(update);
    this.fill();
  }

  /** A difference came to `pts`, with these messages. */
  arrive(pts: number, messages: readonly MessageUpdate[]): void {
    this.#sequence.advance(pts);
    this.#reach(pts, messages);
  }

  /** Gives up what is missing, and goes on with what has been pushed since. */
  skip(): void {
    this.#sequence.skip();
  }

  /** Fetches what may be missing; once more where it is being fetched already. */
  fill(): void {
    this.#again = true;
    if (!this.#filling) void this.#fill();
  }

  /** What is pushed while `fetch` is under way comes after what that brings. */
  async hold(fetch: () => Promise<void>): Promise<void> {
    this.#sequence.hold();
    try {
      await fetch();
    } finally {
      if (!this.#sequence.release()) this.#again = true;
    }
  }

  /** Nothing is taken or told any more; what has been told may still be settled. */
  close(): void {
    this.#closed = true;
    this.#stopWatching();
  }

  #reach(pts: number, messages: readonly MessageUpdate[]): void {
    if (!this.#closed) this.#progress.reach(pts, messages.map(this.#options.tell));
  }

  async #fill(): Promise<void> {
    this.#filling = true;
    this.#stopWatching();
    while (this.#again && !this.#closed) {
      this.#again = false;
      await this.#options.fetch(this);
    }
    this.#filling = false;
    this.#watchForGap();
  }

  #watchForGap(): void {
    if (this.#closed) return;
    if (!this.#sequence.hasGap) {
      this.#stopWatching();
      this.#asked = 0;
    } else if (!this.#filling)
      this.#gapTimer ??= setTimeout(
        () => {
          if (this.#asked === 0) this.counts.gaps += 1;
          this.#asked += 1;
          this.#options.log.info({ pts: this.pts }, 'Updates are missing; fetching them');
          this.fill();
        },
        Math.min(this.#options.gapMs * 2 ** this.#asked, longestGapMs),
      );
  }

  #stopWatching(): void {
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
  }
}
