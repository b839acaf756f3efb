import type { WorldMessage } from './message.ts';

/** What changed a box; `pts` counts each message touched. */
export type BoxEvent = {
  /** The state of the box after the change. */
  readonly pts: number;
  readonly ptsCount: number;
  /** Unix time in seconds. */
  readonly date: number;
} & (
  | { readonly kind: 'new' | 'edit'; readonly message: WorldMessage }
  | { readonly kind: 'delete'; readonly ids: readonly number[] }
);

/** Unix time in seconds, as Telegram dates everything. */
export const now = (): number => Math.floor(Date.now() / 1000);

/**
 * A numbered sequence of messages with its event log (https://core.telegram.org/api/updates): an account's mailbox, which
 * holds all its private chats and basic groups, or one supergroup.
 */
export class Box {
  readonly messages = new Map<number, WorldMessage>();
  #events: BoxEvent[] = [];
  #pts = 1;
  #lastId = 0;

  get pts(): number {
    return this.#pts;
  }

  get events(): readonly BoxEvent[] {
    return this.#events;
  }

  /** Gives the message its id here. */
  add(message: WorldMessage): BoxEvent {
    const id = ++this.#lastId;
    message.ids.set(this, id);
    this.messages.set(id, message);
    return this.#record({ kind: 'new', message }, 1);
  }

  /** What changed the box since it stood at `pts`: the first `limit` events, and how many there are. */
  since(pts: number, limit: number): { readonly events: readonly BoxEvent[]; readonly count: number } {
    let [from, to] = [0, this.#events.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#events[middle]?.pts ?? 0) > pts) to = middle;
      else from = middle + 1;
    }
    return { events: this.#events.slice(from, from + limit), count: this.#events.length - from };
  }

  edit(message: WorldMessage): BoxEvent {
    return this.#record({ kind: 'edit', message }, 1);
  }

  /** Removes those of the messages that are here; null where none is. */
  remove(messages: readonly WorldMessage[]): BoxEvent | null {
    const ids = messages
      .flatMap((message) => message.ids.get(this) ?? [])
      .filter((id) => this.messages.delete(id));
    return ids.length === 0 ? null : this.#record({ kind: 'delete', ids }, ids.length);
  }

  /** Lets go of messages and of all that happened to them, which no difference tells any more. */
  forget(messages: ReadonlySet<WorldMessage>): void {
    for (const [id, message] of this.messages) if (messages.has(message)) this.messages.delete(id);
    this.#events = this.#events.filter((event) => event.kind === 'delete' || !messages.has(event.message));
  }

  #record(
    change: { kind: 'new' | 'edit'; message: WorldMessage } | { kind: 'delete'; ids: number[] },
    ptsCount: number,
  ): BoxEvent {
    this.#pts += ptsCount;
    const event: BoxEvent = { ...change, pts: this.#pts, ptsCount, date: now() };
    this.#events.push(event);
    return event;
  }
}
