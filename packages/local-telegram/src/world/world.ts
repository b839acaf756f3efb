import { AccessHashes } from './access-hashes.ts';
import type { Cause, ChatHost, Delivery, WorldChat } from './chat.ts';
import { Group, PrivateChat, Supergroup } from './chats.ts';
import type { Files } from './files.ts';
import { jpegSize } from './image-size.ts';
import { type MediaDescription, thumbnailOf, type WorldMedia } from './media.ts';
import type { WorldMessage } from './message.ts';
import { type OutgoingFile, type UserHost, type UserOptions, WorldUser } from './user.ts';
import type { ChangeListener, MessageChange } from './waiting.ts';

/** Something that can be seen in a chat. */
export interface WorldEvent {
  readonly type: 'new' | 'edit' | 'delete';
  readonly message: WorldMessage;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** The ids of the first of each kind; users' and channels' need more than 32 bits, as real ones do. */
const firstIds = { user: 7_000_000_001, group: 4_000_000_001, supergroup: 2_000_000_001 };

const mimeOf = {
  video: 'video/mp4',
  audio: 'audio/mpeg',
  photo: 'image/jpeg',
  document: 'application/octet-stream',
};

/** Users, chats and what is said in them. Tests act in it directly, clients through the API. */
export class World implements ChatHost, UserHost {
  readonly accessHashes = new AccessHashes();
  readonly files: Files;
  #nextIds = { ...firstIds };
  #users = new Map<number, WorldUser>();
  #chats: WorldChat[] = [];
  #privateChats = new Map<string, PrivateChat>();
  #changeListeners = new Set<ChangeListener>();
  #deliveryListeners = new Set<(delivery: Delivery, cause: Cause) => void>();
  #closing = new AbortController();
  #mintSession: (user: WorldUser) => string;

  constructor(files: Files, mintSession: (user: WorldUser) => string) {
    this.files = files;
    this.#mintSession = mintSession;
  }

  /** Aborted when the data centre closes. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  get users(): readonly WorldUser[] {
    return [...this.#users.values()];
  }

  /** Groups and supergroups. */
  get chats(): readonly WorldChat[] {
    return this.#chats;
  }

  /** Adds an account; `name` is its username. */
  addUser(name: string, options: UserOptions = {}): WorldUser {
    if (this.users.some((known) => known.name === name)) throw new Error(`there is a user ${name} already`);
    const user = new WorldUser(this, name, options.id ?? this.#nextIds.user++, options);
    this.#users.set(user.id, user);
    return user;
  }

  /** Adds a basic group; the first member makes it. */
  addGroup(title: string, { members }: { members: readonly (WorldUser | string)[] }): Group {
    const group = new Group(this, title, this.#usersOf(members), this.#nextIds.group++);
    return this.#found(group, { kind: 'group-created', title }, 'messages.CreateChat');
  }

  /** Adds a supergroup; with topics, even an empty list, it is a forum. */
  addSupergroup(
    title: string,
    options: {
      members: readonly (WorldUser | string)[];
      topics?: readonly string[];
      /** Seconds. */
      slowModeS?: number;
    },
  ): Supergroup {
    const supergroup = new Supergroup(this, title, this.#nextIds.supergroup++, {
      ...options,
      members: this.#usersOf(options.members),
    });
    this.#found(supergroup, { kind: 'supergroup-created', title }, 'channels.CreateChannel');
    const [founder] = supergroup.members;
    for (const topic of options.topics ?? []) if (founder) supergroup.addTopic(topic, founder);
    return supergroup;
  }

  /** @throws where there is no such user. */
  user(nameOrId: string | number): WorldUser {
    const found = this.findUser(nameOrId);
    if (!found) throw new Error(`there is no user ${nameOrId}`);
    return found;
  }

  findUser(nameOrId: string | number): WorldUser | undefined {
    if (typeof nameOrId === 'number') return this.#users.get(nameOrId);
    return this.users.find((user) => user.name.toLowerCase() === nameOrId.toLowerCase());
  }

  /**
   * A group or supergroup, by title or marked id.
   * @throws where there is none.
   */
  chat(titleOrId: string | number): WorldChat {
    const found = this.#chats.find((chat) => chat.title === titleOrId || chat.id === titleOrId);
    if (!found) throw new Error(`there is no chat ${titleOrId}`);
    return found;
  }

  privateChat(a: WorldUser, b: WorldUser): PrivateChat {
    const key = [a.id, b.id].sort((x, y) => x - y).join(' ');
    const chat = this.#privateChats.get(key) ?? new PrivateChat(this, a, b);
    this.#privateChats.set(key, chat);
    return chat;
  }

  /** All chats in which the user takes part. */
  chatsOf(user: WorldUser): WorldChat[] {
    return [...this.#chats, ...this.#privateChats.values()].filter((chat) => chat.members.includes(user));
  }

  /**
   * A GramJS session string that is logged in as that user: no handshake, no code. Its address is 127.0.0.1:80, since the format
   * has no room for every port; point the client's socket class at `endpoint`.
   */
  mintSession(user: WorldUser | string): string {
    return this.#mintSession(typeof user === 'string' ? this.user(user) : user);
  }

  /** Makes all file references that were given out for the file, or for every file of the chat, expire. */
  expireFileReferences(of: WorldMedia | WorldChat): void {
    const media = 'messages' in of ? of.messages().flatMap((message) => message.media ?? []) : [of];
    for (const one of new Set(media)) one.referenceEpoch++;
  }

  /** Hears of each message that is posted, edited, or deleted for everybody. Returns the unsubscribe function. */
  on(_: 'event', listener: (event: WorldEvent) => void): () => void {
    return this.onChange((type, message) => {
      if (type !== 'reactions') listener({ type, message, at: Date.now() });
    });
  }

  onChange(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Hears of what is to be pushed to clients. */
  onDelivery(listener: (delivery: Delivery, cause: Cause) => void): void {
    this.#deliveryListeners.add(listener);
  }

  changed(change: MessageChange, message: WorldMessage): void {
    for (const listener of [...this.#changeListeners]) listener(change, message);
  }

  deliver(deliveries: readonly Delivery[], cause: Cause): void {
    for (const delivery of deliveries)
      for (const listener of this.#deliveryListeners) listener(delivery, cause);
  }

  find(where: WorldChat | WorldUser | string, from: WorldUser): WorldChat {
    if (where instanceof WorldUser) return this.privateChat(from, where);
    if (typeof where !== 'string') return where;
    const partner = this.findUser(where);
    return partner ? this.privateChat(from, partner) : this.chat(where);
  }

  keep({ bytes, thumbnail, caption: _, ...description }: OutgoingFile): WorldMedia {
    const size = thumbnail && jpegSize(thumbnail);
    const spooled = thumbnail && this.files.spool(thumbnail);
    const full: MediaDescription = { mime: mimeOf[description.kind], ...description };
    return this.files.add(
      this.files.spool(bytes),
      full,
      size && spooled ? thumbnailOf(spooled.path, spooled.sizeBytes, size) : undefined,
    );
  }

  /** Ends all waiting. */
  close(): void {
    this.#closing.abort();
  }

  #usersOf(members: readonly (WorldUser | string)[]): WorldUser[] {
    return members.map((member) => (typeof member === 'string' ? this.user(member) : member));
  }

  #found<C extends Group | Supergroup>(
    chat: C,
    service: { kind: 'group-created' | 'supergroup-created'; title: string },
    method: string,
  ): C {
    this.#chats.push(chat);
    const [founder] = chat.members;
    if (!founder) throw new Error(`"${chat.title}" has no members`);
    chat.post({ from: founder, text: '', service }, { account: founder, method });
    return chat;
  }
}
