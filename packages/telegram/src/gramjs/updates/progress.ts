interface Position {
  pts: number;
  /** Messages up to here that are still being dealt with. */
  open: number;
}

/** How far one sequence has been dealt with, though its messages are so in any order. */
export class Progress {
  /** In order; the first is not yet settled. As many as there are open messages, at most. */
  readonly #positions: Position[] = [];
  readonly #onSettled: (pts: number) => void;

  constructor(onSettled: (pts: number) => void) {
    this.#onSettled = onSettled;
  }

  /** The sequence has come to `pts`, with messages that have to be dealt with first. */
  reach(pts: number, messages: readonly Promise<void>[]): void {
    const last = this.#positions.at(-1);
    if (messages.length === 0) {
      if (last) last.pts = pts;
      else this.#onSettled(pts);
      return;
    }
    const position: Position = { pts, open: messages.length };
    this.#positions.push(position);
    // One that rejects was given up for now: nothing from here on is settled, and all of it is told again.
    for (const message of messages)
      message.then(
        () => {
          position.open -= 1;
          if (position.open === 0) this.#settle();
        },
        () => undefined,
      );
  }

  #settle(): void {
    let settled: number | undefined;
    while (this.#positions[0]?.open === 0) settled = this.#positions.shift()?.pts;
    if (settled !== undefined) this.#onSettled(settled);
  }
}
