const lowBits = { answer: 1n, update: 3n } as const;

/** The server's message ids: Unix time × 2³², ever increasing, the lowest two bits by kind. */
export class MessageIds {
  #last = 0n;

  next(kind: keyof typeof lowBits): bigint {
    const nowMs = BigInt(Date.now());
    const time = ((nowMs / 1000n) << 32n) | ((((nowMs % 1000n) << 32n) / 1000n) & ~3n);
    this.#last = time > this.#last ? time : this.#last + 4n;
    return this.#last | lowBits[kind];
  }
}
