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
  readonly premium?: boolean;
  /** What a bot logs in with; made from its id unless given. */
  readonly botToken?: string;
  /** Its name unless given; null for an account without one. */
  readonly username?: string | null;
  /** The second factor of its log-in; none unless given. */
  readonly password?: string;
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
  /** When it was said, in Unix time in seconds; now unless given. */
  readonly date?: number;
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
  acceptLogin(user: WorldUser, token: Buffer): void;
  rename(user: WorldUser, username: string | null): void;
  /** @throws where there is no such bot. */
  botOf(bot: WorldUser | string): WorldUser;
}

/** An account: a person's or a bot's. Whether clients are logged in to it makes no difference here. */
export class WorldUser {
  /** Whom it knows: its clients are told so with each of them. */
  readonly contacts = new Set<WorldUser>();
  readonly id: number;
  /** What it is called here, once and for all; its username too, unless it was given another or changed it. */
  readonly name: string;
  /** Changed by {@link rename}; null where it has none. */
  username: string | null;
  readonly firstName: string;
  readonly phone: string;
  readonly bot: boolean;
  premium: boolean;
  /** What a bot logs in with. */
  readonly botToken: string;
  /** What `auth.signIn` must bring. */
  loginCode = '12345';
  /** What a client must prove that it has after the code or the token; undefined where that is enough. */
  password: string | undefined;
  /** Holds its private chats and basic groups. */
  readonly mailbox = new Box();
  /** The last message that it has read of each chat, by its own ids. */
  readonly readUpTo = new Map<WorldChat, number>();
  #host: UserHost;
  #bots = new Map<WorldUser, 'started' | 'blocked'>();

  constructor(host: UserHost, name: string, id: number, options: UserOptions) {
    this.#host = host;
    this.id = id;
    this.name = name;
    this.username = options.username === undefined ? name : options.username;
    this.firstName = options.firstName ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    this.phone = options.phone ?? `1555${String(id).padStart(8, '0').slice(-8)}`;
    this.bot = options.bot ?? false;
    this.premium = options.premium ?? false;
    this.botToken = options.botToken ?? `${id}:local`;
    this.password = options.password;
  }

  /** Opens the conversation with a bot, which may write from then on; no message is posted. */
  starts(bot: WorldUser | string): void {
    this.#bots.set(this.#host.botOf(bot), 'started');
  }

  /** Until this user starts the bot anew. */
  blocks(bot: WorldUser | string): void {
    this.#bots.set(this.#host.botOf(bot), 'blocked');
  }

  /** Whether this user has opened the conversation, by word or by {@link starts}. */
  hasStarted(bot: WorldUser): boolean {
    return this.#bots.get(bot) === 'started';
  }

  hasBlocked(bot: WorldUser): boolean {
    return this.#bots.get(bot) === 'blocked';
  }

  /**
   * Lets the client in that shows this login token, as who scans its QR code with their phone: the token, or the link that is in
   * the code (`tg://login?token=…`).
   * @throws {RpcError} `AUTH_TOKEN_INVALID`, `AUTH_TOKEN_EXPIRED`, `AUTH_TOKEN_ALREADY_ACCEPTED`.
   */
  acceptsLogin(token: Buffer | string): void {
    const bytes =
      typeof token === 'string'
        ? Buffer.from(new URL(token).searchParams.get('token') ?? '', 'base64url')
        : token;
    this.#host.acceptLogin(this, bytes);
  }

  /**
   * Takes another username, or none: the one that it had is free for somebody else.
   * @throws where somebody has it.
   */
  rename(username: string | null): void {
    this.#host.rename(this, username);
  }

  /** Speaks in a chat, given as such, by title, or by the name of the user to talk to. */
  in(where: WorldChat | WorldUser | string, { topic }: { topic?: string } = {}): Voice {
    const chat = this.#host.find(where, this);
    if (!chat.has(this)) throw new Error(`${this.name} is no member of "${chat.title}"`);
    const post = (method: string, text: string, options: SayOptions, media?: WorldMedia) =>
      chat.post(
        {
          from: this,
          text,
          entities: options.entities,
          replyTo: options.replyTo,
          topic: topic === undefined ? undefined : chat.topic(topic),
          media,
          date: options.date,
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
