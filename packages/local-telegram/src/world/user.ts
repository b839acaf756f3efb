import { Box } from './box.ts';
import type { Cause, Edit, WorldChat } from './chat.ts';
import type { WorldEntity } from './entities.ts';
import type { MediaDescription, WorldMedia } from './media.ts';
import type { WorldMessage } from './message.ts';

export interface UserOptions {
  readonly id?: number;
  readonly firstName?: string;
  /** International format, digits only. */
  readonly phone?: string;
  readonly bot?: boolean;
}

/** A file that a person sends: its bytes and what the client would say of it. */
export interface OutgoingFile extends Partial<MediaDescription> {
  readonly kind: MediaDescription['kind'];
  readonly bytes: Buffer;
  /** A JPEG of at most 320 × 320 pixels. */
  readonly thumbnail?: Buffer;
  readonly caption?: string;
}

export interface SayOptions {
  readonly replyTo?: WorldMessage;
  readonly entities?: readonly WorldEntity[];
}

/** A person at the keyboard, in one chat. */
export interface Voice {
  /** Posts a text, as if typed in that user's client. */
  says(text: string, options?: SayOptions): WorldMessage;
  /** Posts a file. */
  sends(file: OutgoingFile, options?: SayOptions): WorldMessage;
}

/** What a user needs of the world that it is in. */
export interface UserHost {
  find(chat: WorldChat | WorldUser | string, from: WorldUser): WorldChat;
  keep(file: OutgoingFile): WorldMedia;
}

/** An account: a person's or a bot's. Whether clients are logged in to it makes no difference here. */
export class WorldUser {
  readonly id: number;
  /** Its username. */
  readonly name: string;
  readonly firstName: string;
  readonly phone: string;
  readonly bot: boolean;
  /** What `auth.signIn` must bring. */
  loginCode = '12345';
  /** Holds its private chats and basic groups. */
  readonly mailbox = new Box();
  /** The last message that it has read of each chat, by its own ids. */
  readonly readUpTo = new Map<WorldChat, number>();
  #host: UserHost;

  constructor(host: UserHost, name: string, id: number, options: UserOptions) {
    this.#host = host;
    this.id = id;
    this.name = name;
    this.firstName = options.firstName ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    this.phone = options.phone ?? `1555${String(id).padStart(8, '0').slice(-8)}`;
    this.bot = options.bot ?? false;
  }

  /** What a bot logs in with. */
  get botToken(): string {
    return `${this.id}:local`;
  }

  /** Speaks in a chat, given as such, by title, or by the name of the user to talk to. */
  in(where: WorldChat | WorldUser | string, { topic }: { topic?: string } = {}): Voice {
    const chat = this.#host.find(where, this);
    if (!chat.members.includes(this)) throw new Error(`${this.name} is no member of "${chat.title}"`);
    const post = (method: string, text: string, options: SayOptions, media?: WorldMedia) =>
      chat.post(
        {
          from: this,
          text,
          entities: options.entities,
          replyTo: options.replyTo,
          topic: topic === undefined ? undefined : chat.topic(topic),
          media,
        },
        this.#cause(method),
      );
    return {
      says: (text, options = {}) => post('messages.SendMessage', text, options),
      sends: (file, options = {}) =>
        post('messages.SendMedia', file.caption ?? '', options, this.#host.keep(file)),
    };
  }

  edits(message: WorldMessage, text: string, options: Omit<Edit, 'text'> = {}): void {
    message.chat.edit(message, { ...options, text }, this.#cause('messages.EditMessage'));
  }

  /** For everybody. */
  deletes(message: WorldMessage): void {
    message.chat.remove([message], 'everybody', this.#cause('messages.DeleteMessages'));
  }

  /** Replaces what it reacted with before; null takes it back. */
  reacts(message: WorldMessage, emoji: string | null): void {
    message.chat.react(message, this, emoji === null ? [] : [emoji], this.#cause('messages.SendReaction'));
  }

  #cause(method: string): Cause {
    return { account: this, method };
  }
}
