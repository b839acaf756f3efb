/** An update as its sequence counts it: the state after it, and how many events it is. */
export interface Counted {
  pts: number;
  ptsCount: number;
}

/** What is kept while something is missing before it; what comes beyond that is fetched again. */
const mostKept = 1000;

/** Puts the updates of one sequence into their order (https://core.telegram.org/api/updates#pts-checking-and-applying). */
export class Sequence<U extends Counted> {
  readonly #apply: (update: U) => void;
  #pts: number;
  /** What is ahead of something missing, by rising pts. */
  #kept: U[] = [];
  #overflowed = false;
  #held = false;

  constructor(pts: number, apply: (update: U) => void) {
    this.#pts = pts;
    this.#apply = apply;
  }

  /** The state after everything that was applied. */
  get pts(): number {
    return this.#pts;
  }

  /** Whether something is missing before what has come. */
  get hasGap(): boolean {
    return this.#kept.length > 0;
  }

  /** Takes an update as it comes: applied in its turn, and kept until then; false where it came before. */
  offer(update: U): boolean {
    if (this.#held) {
      this.keep(update);
      return true;
    }
    const fits = this.#pts + update.ptsCount === update.pts;
    if (!fits && update.pts <= this.#pts) return false;
    if (fits) this.#take(update);
    else this.keep(update);
    if (fits) this.#applyKept();
    return true;
  }

  /** Keeps an update for later, whether or not it follows. */
  keep(update: U): void {
    if (this.#kept.length >= mostKept) {
      this.#overflowed = true;
      return;
    }
    const after = this.#kept.findLastIndex(({ pts }) => pts <= update.pts);
    this.#kept.splice(after + 1, 0, update);
  }

  /** Keeps whatever comes, while a difference is being fetched. */
  hold(): void {
    this.#held = true;
  }

  /** A difference has brought the sequence to that state. */
  advance(pts: number): void {
    this.#pts = pts;
  }

  /** Goes on with what has come, and without what is missing before it, which nobody will tell. */
  skip(): void {
    const kept = this.#kept;
    this.#kept = [];
    for (const update of kept) if (update.pts > this.#pts) this.#take(update);
  }

  /** Goes on after a difference, with what came meanwhile; false where more came than is kept, and another is needed. */
  release(): boolean {
    const isWhole = !this.#overflowed;
    this.#held = false;
    this.#overflowed = false;
    this.#applyKept();
    return isWhole;
  }

  #take(update: U): void {
    this.#pts = update.pts;
    this.#apply(update);
  }

  #applyKept(): void {
    for (let next = this.#kept[0]; next; next = this.#kept[0]) {
      const fits = this.#pts + next.ptsCount === next.pts;
      if (!fits && next.pts > this.#pts) return;
      this.#kept.shift();
      if (fits) this.#take(next);
    }
  }
}
