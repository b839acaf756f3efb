import { setTimeout as delay } from 'node:timers/promises';

interface Hold {
  /** No byte of the resource at or beyond this offset leaves. */
  readonly at: number;
  readonly released: Promise<void>;
  readonly release: () => void;
  readonly reached: () => void;
}

const chunkBytes = 64 * 1024;
/** A throttled response goes in pieces of so long. */
const pieceMs = 20;
/** How far a response may fall behind its rate and still make up for it. */
const slackMs = 200;

/** How fast, and how far, the bytes of each path may go. */
export class Flow {
  #rates = new Map<string, number>();
  #holds = new Map<string, Hold>();

  /** Null: as fast as they can. */
  throttle(path: string, bytesPerSecond: number | null): void {
    if (bytesPerSecond === null) this.#rates.delete(path);
    else this.#rates.set(path, bytesPerSecond);
  }

  /** Resolves when a response is stopped there for the first time. */
  hold(path: string, at: number): Promise<void> {
    this.release(path);
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#holds.set(path, {
      at,
      released: released.promise,
      release: () => released.resolve(),
      reached: () => held.resolve(),
    });
    return held.promise;
  }

  release(path: string): void {
    this.#holds.get(path)?.release();
    this.#holds.delete(path);
  }

  releaseAll(): void {
    for (const path of [...this.#holds.keys()]) this.release(path);
  }

  /**
   * For one response. What it gives back waits until some bytes from `offset` on may leave, and tells how many, at most
   * `wanted`; it throws the signal's reason when the client goes while they wait. The response has this rate where its path
   * has none.
   */
  gate(
    path: string,
    signal: AbortSignal,
    ownRate?: number,
  ): (offset: number, wanted: number) => Promise<number> {
    let dueAt = performance.now();
    return async (offset, wanted) => {
      const rate = this.#rates.get(path) ?? ownRate;
      const piece = rate === undefined ? chunkBytes : Math.ceil((rate * pieceMs) / 1000);
      let size = Math.min(wanted, piece);
      for (let hold = this.#holds.get(path); hold; hold = this.#holds.get(path)) {
        if (offset < hold.at) {
          size = Math.min(size, hold.at - offset);
          break;
        }
        hold.reached();
        await Promise.race([hold.released, aborted(signal)]);
      }
      if (rate !== undefined) {
        const now = performance.now();
        dueAt = Math.max(dueAt, now - slackMs) + (size / rate) * 1000;
        if (dueAt > now) await delay(Math.ceil(dueAt - now), undefined, { signal });
      }
      return size;
    };
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
