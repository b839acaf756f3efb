import { type Box, now } from './box.ts';
import type { WorldChat } from './chat.ts';
import type { WorldEntity } from './entities.ts';
import type { InlineKeyboard } from './keyboard.ts';
import type { WorldMedia } from './media.ts';
import type { WorldUser } from './user.ts';

/** A topic of a forum; its id is that of the service message that made it, General is 1. */
export interface Topic {
  readonly id: number;
  readonly title: string;
}

/** What a service message tells. */
export type ServiceAction =
  | { readonly kind: 'group-created'; readonly title: string }
  | { readonly kind: 'supergroup-created'; readonly title: string }
  | { readonly kind: 'topic-created'; readonly title: string };

export interface Reaction {
  readonly emoji: string;
  readonly from: WorldUser;
}

/** What a message is made of. */
export interface Draft {
  readonly from: WorldUser;
  readonly text: string;
  readonly entities?: readonly WorldEntity[] | undefined;
  readonly replyTo?: WorldMessage | undefined;
  readonly topic?: Topic | undefined;
  readonly media?: WorldMedia | undefined;
  readonly keyboard?: InlineKeyboard | undefined;
  readonly randomId?: bigint | undefined;
  readonly service?: ServiceAction | undefined;
  /** Unix time in seconds; now unless given. */
  readonly date?: number | undefined;
}

let lastUid = 0;

/** One message, of which each reader's mailbox holds a copy under an id of its own. */
export class WorldMessage {
  /** Different for each message of the process; no id of Telegram's. */
  readonly uid = ++lastUid;
  readonly chat: WorldChat;
  readonly from: WorldUser;
  /** Unix time in seconds. */
  readonly date: number;
  text: string;
  editDate: number | undefined;
  entities: readonly WorldEntity[];
  media: WorldMedia | undefined;
  /** Under messages of bots only. */
  keyboard: InlineKeyboard | undefined;
  readonly replyTo: WorldMessage | undefined;
  /** Of a forum's messages only. */
  readonly topic: Topic | undefined;
  readonly randomId: bigint | undefined;
  /** Set on service messages, which no user wrote. */
  readonly service: ServiceAction | undefined;
  /** Gone for everybody. */
  deleted = false;
  reactions: readonly Reaction[] = [];
  /** Its id in each box that holds it, or held it. */
  readonly ids = new Map<Box, number>();

  constructor(chat: WorldChat, draft: Draft) {
    this.chat = chat;
    this.from = draft.from;
    this.date = draft.date ?? now();
    this.text = draft.text;
    this.entities = draft.entities ?? [];
    this.media = draft.media;
    this.keyboard = draft.keyboard;
    this.replyTo = draft.replyTo;
    this.topic = draft.topic;
    this.randomId = draft.randomId;
    this.service = draft.service;
  }

  /**
   * Its id as that user's clients know it: in the user's mailbox, or in the supergroup.
   * @throws where the user has no copy.
   */
  idFor(user: WorldUser): number {
    const id = this.ids.get(this.chat.boxOf(user));
    if (id === undefined) throw new Error(`${user.name} has no copy of "${this.text}"`);
    return id;
  }

  /** The message that began the thread of replies that this one is in: itself, where it replies to none. */
  get threadRoot(): WorldMessage {
    return this.replyTo?.threadRoot ?? this;
  }

  toString(): string {
    return `${this.from.name}: ${this.media ? `[${this.media.kind}] ` : ''}${this.text}`;
  }
}
