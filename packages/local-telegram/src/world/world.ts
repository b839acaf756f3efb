import { AccessHashes } from './access-hashes.ts';
import type { Cause, CausedDelivery, ChatHost, Delivery, WorldChat } from './chat.ts';
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

/** How clients come to be logged in without a code. */
export interface LogIns {
  /** A session string that is logged in as that user. */
  mint(user: WorldUser): string;
  /** @throws {RpcError} */
  accept(user: WorldUser, token: Buffer): void;
}

/** Users, chats and what is said in them. Tests act in it directly, clients through the API. */
export class World implements ChatHost, UserHost {
  readonly accessHashes = new AccessHashes();
  readonly files: Files;
  #nextIds = { ...firstIds };
  #users = new Map<number, WorldUser>();
  #byName = new Map<string, WorldUser>();
  #byUsername = new Map<string, WorldUser>();
  #chats: (Group | Supergroup)[] = [];
  #chatsById = new Map<number, Group | Supergroup>();
  #privateChats = new Map<string, PrivateChat>();
  #changeListeners = new Set<ChangeListener>();
  #renameListeners = new Set<(user: WorldUser) => void>();
  #deliveryListeners = new Set<(deliveries: readonly CausedDelivery[]) => void>();
  #gathered: CausedDelivery[] | undefined;
  #closing = new AbortController();
  #logIns: LogIns;

  constructor(files: Files, logIns: LogIns) {
    this.files = files;
    this.#logIns = logIns;
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

  /** Adds an account; `name` is its username too, unless another is given. */
  addUser(name: string, options: UserOptions = {}): WorldUser {
    if (this.#byName.has(name.toLowerCase())) throw new Error(`there is a user ${name} already`);
    const user = new WorldUser(this, name, options.id ?? this.#nextIds.user++, options);
    this.#takeUsername(user, user.username);
    this.#users.set(user.id, user);
    this.#byName.set(name.toLowerCase(), user);
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
      /** Makes it public. */
      username?: string;
    },
  ): Supergroup {
    if (options.username !== undefined && this.findUsername(options.username))
      throw new Error(`a user has the username ${options.username}`);
    const supergroup = new Supergroup(this, title, this.#nextIds.supergroup++, {
      ...options,
      members: this.#usersOf(options.members),
    });
    this.#found(supergroup, { kind: 'supergroup-created', title }, 'channels.CreateChannel');
    const [founder] = supergroup.members;
    for (const topic of options.topics ?? []) if (founder) supergroup.addTopic(topic, founder);
    return supergroup;
  }

  /** Makes a supergroup with the same title and members of a basic group, and closes that. */
  upgradeGroup(group: Group): Supergroup {
    group.upgradedTo = this.addSupergroup(group.title, { members: group.members });
    return group.upgradedTo;
  }

  /** @throws where there is no such user. */
  user(nameOrId: string | number): WorldUser {
    const found = this.findUser(nameOrId);
    if (!found) throw new Error(`there is no user ${nameOrId}`);
    return found;
  }

  findUser(nameOrId: string | number): WorldUser | undefined {
    if (typeof nameOrId === 'number') return this.#users.get(nameOrId);
    return this.#byName.get(nameOrId.toLowerCase());
  }

  /** Who has that username now. */
  findUsername(username: string): WorldUser | undefined {
    return this.#byUsername.get(username.toLowerCase());
  }

  /** A group or supergroup, by marked id. */
  findChat(id: number): Group | Supergroup | undefined {
    return this.#chatsById.get(id);
  }

  /** The public supergroup of that username. */
  findPublicChat(username: string): Supergroup | undefined {
    const wanted = username.toLowerCase();
    const isWanted = (chat: WorldChat) =>
      chat instanceof Supergroup && chat.username?.toLowerCase() === wanted;
    return this.#chats.find(isWanted) as Supergroup | undefined;
  }

  botOf(bot: WorldUser | string): WorldUser {
    const found = typeof bot === 'string' ? this.user(bot) : bot;
    if (!found.bot) throw new Error(`${found.name} is no bot`);
    return found;
  }

  rename(user: WorldUser, username: string | null): void {
    this.#takeUsername(user, username);
    user.username = username;
    for (const listener of this.#renameListeners) listener(user);
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

  /** Lets go of all that was written in any chat so far; a message of a kilobyte or so stays in memory otherwise. */
  forgetMessages(): void {
    for (const chat of [...this.#chats, ...this.#privateChats.values()]) chat.forgetMessages();
  }

  /** All chats in which the user takes part. */
  chatsOf(user: WorldUser): WorldChat[] {
    return [...this.#chats, ...this.#privateChats.values()].filter((chat) => chat.has(user));
  }

  /**
   * A GramJS session string that is logged in as that user: no handshake, no code. Its address is 127.0.0.1:80, since the format
   * has no room for every port; point the client's socket class at `endpoint`.
   */
  mintSession(user: WorldUser | string): string {
    return this.#logIns.mint(typeof user === 'string' ? this.user(user) : user);
  }

  acceptLogin(user: WorldUser, token: Buffer): void {
    this.#logIns.accept(user, token);
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

  /** Hears of what is to be pushed to clients, of several changes at once where they were made {@link together}. */
  onDelivery(listener: (deliveries: readonly CausedDelivery[]) => void): void {
    this.#deliveryListeners.add(listener);
  }

  /** Hears of users who changed their username. */
  onRenamed(listener: (user: WorldUser) => void): void {
    this.#renameListeners.add(listener);
  }

  /** What is done in `act`, which may not wait for anything, reaches each client in one container of updates. */
  together(act: () => void): void {
    if (this.#gathered) {
      act();
      return;
    }
    const gathered: CausedDelivery[] = [];
    this.#gathered = gathered;
    try {
      act();
    } finally {
      this.#gathered = undefined;
      for (const listener of this.#deliveryListeners) listener(gathered);
    }
  }

  changed(change: MessageChange, message: WorldMessage): void {
    for (const listener of [...this.#changeListeners]) listener(change, message);
  }

  deliver(deliveries: readonly Delivery[], cause: Cause): void {
    for (const delivery of deliveries) {
      const caused = { ...delivery, cause };
      if (this.#gathered) this.#gathered.push(caused);
      else for (const listener of this.#deliveryListeners) listener([caused]);
    }
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

  #takeUsername(user: WorldUser, username: string | null): void {
    if (username !== null && this.findPublicChat(username))
      throw new Error(`a chat has the username ${username}`);
    const holder = username === null ? undefined : this.findUsername(username);
    if (holder && holder !== user) throw new Error(`${holder.name} has the username ${username}`);
    const before = user.username?.toLowerCase();
    if (before !== undefined && this.#byUsername.get(before) === user) this.#byUsername.delete(before);
    if (username !== null) this.#byUsername.set(username.toLowerCase(), user);
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
    this.#chatsById.set(chat.id, chat);
    const [founder] = chat.members;
    if (!founder) throw new Error(`"${chat.title}" has no members`);
    chat.post({ from: founder, text: '', service }, { account: founder, method });
    return chat;
  }
}
