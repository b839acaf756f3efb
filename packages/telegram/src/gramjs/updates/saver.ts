import { within } from '@heavy/timing';
import type { UpdateState, UpdateStore } from '../../account.ts';
import type { Logger } from '../../logger.ts';

/** Least time between two writes, in milliseconds: what a crash in between leaves unwritten is told again. */
const intervalMs = 50;
/** After a write that failed. */
const retryMs = 1000;
/** For the last write: a store that waits for its server may do so for ever. */
const closingMs = 1000;

/** Writes what has been settled, changes that come together in one go; from when it is opened until it is closed. */
export class Saver {
  readonly #store: UpdateStore;
  readonly #log: Logger;
  #own: Partial<Omit<UpdateState, 'channels'>> = {};
  /** By channel: its pts, or null where it is to be forgotten. */
  #channels = new Map<number, number | null>();
  #phase: 'new' | 'open' | 'closed' = 'new';
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(store: UpdateStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  change(changes: Partial<Omit<UpdateState, 'channels'>>): void {
    Object.assign(this.#own, changes);
    this.#schedule();
  }

  channel(id: number, pts: number): void {
    this.#channels.set(id, pts);
    this.#schedule();
  }

  /** The account is not in this channel any more. */
  forget(channel: number): void {
    this.#channels.set(channel, null);
    this.#schedule();
  }

  /** Writes what there is, and from then on whatever comes. Rejects where the first write fails. */
  async open(): Promise<void> {
    await this.#write();
    if (this.#phase === 'new') this.#phase = 'open';
    this.#schedule();
  }

  /** Writes what is left, and nothing afterwards. Resolves also where that fails: it is told again then. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const wasOpen = this.#phase === 'open';
    this.#phase = 'closed';
    if (!wasOpen) return;
    const last = async () => {
      await this.#writing;
      await this.#write();
    };
    await within(last(), closingMs, () => new Error('the store takes too long')).catch(this.#complain);
  }

  get #hasChanges(): boolean {
    return this.#channels.size > 0 || Object.keys(this.#own).length > 0;
  }

  #schedule(waitMs = intervalMs): void {
    if (this.#phase !== 'open' || this.#timer || this.#writing || !this.#hasChanges) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().then(
        () => this.#written(intervalMs),
        (error: unknown) => {
          this.#complain(error);
          this.#written(retryMs);
        },
      );
    }, waitMs);
  }

  #written(waitMs: number): void {
    this.#writing = undefined;
    this.#schedule(waitMs);
  }

  readonly #complain = (error: unknown): void =>
    this.#log.warn({ err: error }, 'How far updates have been dealt with cannot be written');

  async #write(): Promise<void> {
    if (!this.#hasChanges) return;
    const [own, channels] = [this.#own, this.#channels];
    this.#own = {};
    this.#channels = new Map();
    const moved = new Map([...channels].flatMap(([id, pts]) => (pts === null ? [] : [[id, pts]])));
    const gone = [...channels].flatMap(([id, pts]) => (pts === null ? id : []));
    try {
      if (moved.size > 0 || Object.keys(own).length > 0)
        await this.#store.save({ ...own, ...(moved.size > 0 && { channels: moved }) });
      if (gone.length > 0) await this.#store.forget(gone);
    } catch (error) {
      // What has changed since is newer.
      this.#own = { ...own, ...this.#own };
      this.#channels = new Map([...channels, ...this.#channels]);
      throw error;
    }
  }
}
