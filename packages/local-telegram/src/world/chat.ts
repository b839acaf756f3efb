import { forbidden, RpcError } from '../rpc-error.ts';
import { type Box, type BoxEvent, now } from './box.ts';
import { completeEntities, type WorldEntity } from './entities.ts';
import type { InlineKeyboard } from './keyboard.ts';
import type { WorldMedia } from './media.ts';
import { type Draft, type Topic, WorldMessage } from './message.ts';
import type { WorldUser } from './user.ts';
import { type Awaited, type Changes, type MessageChange, nextMessage, waitFor } from './waiting.ts';

export type ChatType = 'private' | 'group' | 'supergroup';

/** Who changed the world, and how: the method called, or the one that a person's client would have called. */
export interface Cause {
  readonly account: WorldUser;
  readonly method: string;
  /** The session whose call it was; it gets the result, and the account's other sessions the update. */
  readonly session?: unknown;
  readonly request?: unknown;
}

/** A change on its way to those whom it concerns. */
export interface Delivery {
  readonly chat: WorldChat;
  readonly audience: readonly WorldUser[];
  readonly change:
    | BoxEvent
    | { readonly kind: 'reactions'; readonly message: WorldMessage }
    | { readonly kind: 'membership' }
    | { readonly kind: 'too-long'; readonly pts: number };
}

export interface CausedDelivery extends Delivery {
  readonly cause: Cause;
}

/** What a chat needs of the world that it is in. */
export interface ChatHost extends Changes {
  deliver(deliveries: readonly Delivery[], cause: Cause): void;
  changed(change: MessageChange, message: WorldMessage): void;
}

/** What an edit replaces. */
export interface Edit {
  readonly text?: string;
  readonly entities?: readonly WorldEntity[];
  readonly media?: WorldMedia;
  /** Null takes it away. */
  readonly keyboard?: InlineKeyboard | null;
}

/** A conversation, seen from above: the same object for all who take part. */
export abstract class WorldChat {
  abstract readonly type: ChatType;
  /** Marked: users positive, basic groups negative, supergroups `-100…`. Of a private chat see {@link markedIdFor}. */
  abstract readonly id: number;
  readonly title: string;
  readonly topics: readonly Topic[] = [];
  protected readonly host: ChatHost;
  #members: Set<WorldUser>;
  #memberList: readonly WorldUser[];
  #messages: WorldMessage[] = [];
  #readOnly = new Set<WorldUser>();
  #randomIds = new Set<string>();
  #joinedAt = new Map<WorldUser, number>();
  #dismissed = new Set<WorldUser>();

  constructor(host: ChatHost, title: string, members: readonly WorldUser[]) {
    this.host = host;
    this.title = title;
    this.#members = new Set(members);
    this.#memberList = [...this.#members];
  }

  get members(): readonly WorldUser[] {
    return this.#memberList;
  }

  has(user: WorldUser): boolean {
    return this.#members.has(user);
  }

  /** Makes a user a member; one who is already stays so. */
  admit(user: WorldUser): void {
    if (this.has(user)) return;
    this.#members.add(user);
    this.#dismissed.delete(user);
    this.#joinedAt.set(user, now());
    this.#membershipChanged(user, 'channels.JoinChannel');
  }

  /** When a user came in later than the chat was made, in Unix seconds. */
  joinedAt(user: WorldUser): number | undefined {
    return this.#joinedAt.get(user);
  }

  /** Takes a member out: what is written from now on does not reach them, and the chat is closed to their calls. */
  dismiss(user: WorldUser): void {
    if (!this.#members.delete(user)) return;
    this.#dismissed.add(user);
    this.#membershipChanged(user, 'channels.LeaveChannel');
  }

  /** Whether the user was taken out and did not come back. */
  hasDismissed(user: WorldUser): boolean {
    return this.#dismissed.has(user);
  }

  /** Where that user's copies are. */
  abstract boxOf(user: WorldUser): Box;

  /** The chat's id as that user's clients know it: in a private chat the other's. */
  markedIdFor(_user: WorldUser): number {
    return this.id;
  }

  /** What users wrote and nobody deleted, in order. */
  messages(): WorldMessage[] {
    return this.#messages.filter((message) => !message.deleted && !message.service);
  }

  /** Lets go of all that was written so far, without a word to anybody: for tests that write more than memory should hold. */
  forgetMessages(): void {
    const messages = new Set(this.#messages);
    const boxes = new Set(this.#messages.flatMap(({ ids }) => [...ids.keys()]));
    for (const box of boxes) box.forget(messages);
    this.#messages = [];
  }

  /** What the user has of this chat, by the user's ids, newest first. */
  *copiesFor(user: WorldUser): Generator<readonly [id: number, message: WorldMessage]> {
    const box = this.boxOf(user);
    for (let i = this.#messages.length - 1; i >= 0; i--) {
      const message = this.#messages[i];
      const id = message?.ids.get(box);
      if (message && id !== undefined && box.messages.has(id)) yield [id, message];
    }
  }

  /** The next message posted after this call. Times out with an error that says what came instead. */
  nextMessage(wanted: Awaited = {}): Promise<WorldMessage> {
    return nextMessage(this.host, this, wanted);
  }

  /** A message that fulfils the condition, whether it is there already, comes, or is edited until it does. */
  waitFor(
    condition: (message: WorldMessage) => boolean,
    { timeoutMs = 30_000 }: { timeoutMs?: number } = {},
  ): Promise<WorldMessage> {
    return waitFor(this.host, this, condition, timeoutMs);
  }

  /** @throws where the chat has no topic of that title. */
  topic(title: string): Topic {
    const found = this.topics.find((topic) => topic.title === title);
    if (!found) throw new Error(`"${this.title}" has no topic "${title}"`);
    return found;
  }

  /** Whether that user may write here: a refusal comes as `CHAT_WRITE_FORBIDDEN`. */
  allowWriting(user: WorldUser, allowed: boolean): void {
    if (allowed) this.#readOnly.delete(user);
    else this.#readOnly.add(user);
  }

  /** @throws {RpcError} where Telegram would not let that user post now. */
  assertMayPost(user: WorldUser): void {
    if (!this.has(user) || this.#readOnly.has(user)) throw forbidden('CHAT_WRITE_FORBIDDEN');
  }

  /**
   * Takes a `random_id` for a message that is about to be posted.
   * @throws {RpcError} `RANDOM_ID_DUPLICATE` where that account has used it here.
   */
  reserve(user: WorldUser, randomId: bigint): { release(): void } {
    const key = `${user.id} ${randomId}`;
    if (this.#randomIds.has(key)) throw new RpcError(500, 'RANDOM_ID_DUPLICATE');
    this.#randomIds.add(key);
    return { release: () => this.#randomIds.delete(key) };
  }

  post(draft: Draft, cause: Cause): WorldMessage {
    const entities = draft.service ? [] : completeEntities(draft.text, draft.entities);
    const message = new WorldMessage(this, { ...draft, entities });
    this.#messages.push(message);
    this.#deliverTo(this.boxes(), (box) => box.add(message), cause);
    if (!message.service) this.host.changed('new', message);
    return message;
  }

  edit(message: WorldMessage, edit: Edit, cause: Cause): void {
    message.text = edit.text ?? message.text;
    message.media = edit.media ?? message.media;
    if (edit.keyboard !== undefined) message.keyboard = edit.keyboard ?? undefined;
    message.entities = completeEntities(message.text, edit.entities);
    message.editDate = now();
    const holders = this.boxes().filter(([box]) => box.messages.get(message.ids.get(box) ?? 0) === message);
    this.#deliverTo(holders, (box) => box.edit(message), cause);
    this.host.changed('edit', message);
  }

  /** Removes messages for all, or from one user's copy of the chat. */
  remove(messages: readonly WorldMessage[], whose: 'everybody' | WorldUser, cause: Cause): void {
    const boxes = whose === 'everybody' ? this.boxes() : ([[this.boxOf(whose), [whose]]] as const);
    this.#deliverTo(boxes, (box) => box.remove(messages), cause);
    for (const message of messages) {
      if (message.deleted || [...message.ids].some(([box, id]) => box.messages.has(id))) continue;
      message.deleted = true;
      this.host.changed('delete', message);
    }
  }

  /** Replaces the reactions of one user to a message. */
  react(message: WorldMessage, from: WorldUser, emojis: readonly string[], cause: Cause): void {
    const others = message.reactions.filter((reaction) => reaction.from !== from);
    message.reactions = [...others, ...emojis.map((emoji) => ({ emoji, from }))];
    this.host.deliver(
      [{ chat: this, audience: this.members, change: { kind: 'reactions', message } }],
      cause,
    );
    this.host.changed('reactions', message);
  }

  /** Each box of the chat, once, with those who read it. */
  protected boxes(): readonly (readonly [Box, readonly WorldUser[]])[] {
    return this.members.map((member) => [this.boxOf(member), [member]]);
  }

  #membershipChanged(user: WorldUser, method: string): void {
    this.#memberList = [...this.#members];
    const change = { kind: 'membership' } as const;
    this.host.deliver([{ chat: this, audience: [user], change }], { account: user, method });
  }

  #deliverTo(
    boxes: readonly (readonly [Box, readonly WorldUser[]])[],
    change: (box: Box) => BoxEvent | null,
    cause: Cause,
  ): void {
    const deliveries = boxes.flatMap(([box, audience]): Delivery[] => {
      const event = change(box);
      return event ? [{ chat: this, audience, change: event }] : [];
    });
    this.host.deliver(deliveries, cause);
  }
}
