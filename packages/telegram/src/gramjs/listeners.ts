import type { Logger } from '../logger.ts';

/** Subscribers to one kind of event. One that throws is logged, and harms neither the others nor the connection. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(listener: (value: T) => void): () => void {
    // A function of its own, so that one listener subscribed twice is two subscriptions.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(value: T): void {
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#log.error({ err: error }, 'A listener threw');
      }
    }
  }
}
