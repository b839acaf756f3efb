/** Messages that have been told and are not dealt with. */
export class OpenMessages {
  /** When each was told, the oldest first. */
  readonly #since = new Map<symbol, number>();
  #waiting: (() => void)[] = [];

  get size(): number {
    return this.#since.size;
  }

  /** For how long the oldest has been open, in milliseconds. */
  get lagMs(): number {
    const [oldest] = this.#since.values();
    return oldest === undefined ? 0 : Date.now() - oldest;
  }

  /** Counts a message as open until it has been dealt with. */
  async add(tell: (receivedAt: number) => Promise<void>): Promise<void> {
    const key = Symbol();
    const receivedAt = Date.now();
    this.#since.set(key, receivedAt);
    try {
      await tell(receivedAt);
    } finally {
      this.#since.delete(key);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const look of waiting) look();
    }
  }

  /** Resolves when at most so many are open. */
  async atMost(most: number): Promise<void> {
    while (this.size > most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
