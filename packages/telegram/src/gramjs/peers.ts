import { setImmediate } from 'node:timers/promises';
import { within } from '@heavy/timing';
import bigInt from 'big-integer';
import { Api } from 'telegram';
import { PeerUnknown } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Peer, PeerStore } from '../peer-store.ts';
import { markedChannel, markedGroup, unmarked } from './ids.ts';

const maxRemembered = 20_000;
/** A store that takes longer is done without: a client that waits for its server may wait for ever. */
const storeTimeoutMs = 2000;

const fromUser = (user: Api.TypeUser): Peer | null => {
  if (!(user instanceof Api.User)) return null;
  const name = [user.firstName, user.lastName].filter(Boolean).join(' ');
  const username = user.username ?? user.usernames?.find((one) => one.active)?.username;
  return {
    id: user.id.toJSNumber(),
    type: 'private',
    // A "min" constructor's hash is good for little but profile photos.
    ...(user.accessHash && !user.min && { accessHash: user.accessHash.toString() }),
    ...(name && { name }),
    ...(username && { username }),
    ...(user.contact && { contact: true as const }),
  };
};

const fromChat = (chat: Api.TypeChat): Peer | null => {
  if (chat instanceof Api.ChatEmpty) return null;
  if (chat instanceof Api.Chat || chat instanceof Api.ChatForbidden)
    return { id: markedGroup(chat.id), type: 'group', name: chat.title };
  const min = chat instanceof Api.Channel && chat.min;
  const isGroup = chat.megagroup || (chat instanceof Api.Channel && chat.gigagroup);
  return {
    id: markedChannel(chat.id),
    type: isGroup ? 'supergroup' : 'channel',
    ...(chat.accessHash && !min && { accessHash: chat.accessHash.toString() }),
    name: chat.title,
    ...(chat instanceof Api.Channel && chat.username && { username: chat.username }),
  };
};

const isAddressable = (peer: Peer): boolean => peer.type === 'group' || peer.accessHash !== undefined;

/** Remembers everybody that Telegram mentions, so that they can be named and addressed later, and by other processes. */
export class Peers {
  /** The store, which may be one that the account's identity names. */
  readonly #openStore: () => PeerStore;
  #opened: PeerStore | undefined;
  readonly #log: Logger;
  /** Asks Telegram for a peer, with an answer that may mention it. */
  readonly #ask: (id: number) => Promise<unknown>;
  readonly #known = new Map<number, Peer>();
  readonly #unsaved = new Map<number, Peer>();
  #saving: Promise<void> | undefined;

  constructor(openStore: () => PeerStore, ask: (id: number) => Promise<unknown>, log: Logger) {
    this.#openStore = openStore;
    this.#ask = ask;
    this.#log = log;
  }

  /** Takes any answer or update: the users and chats in it, if it has some. */
  remember(from: unknown): void {
    const { users, chats } = (from ?? {}) as { users?: unknown; chats?: unknown };
    if (Array.isArray(users)) for (const user of users) this.#add(fromUser(user));
    if (Array.isArray(chats)) for (const chat of chats) this.#add(fromChat(chat));
  }

  /** What is known in this process. */
  look(id: number): Peer | undefined {
    return this.#known.get(id);
  }

  /** What is known to any process. */
  async find(id: number): Promise<Peer | undefined> {
    const known = this.#known.get(id);
    if (known && isAddressable(known)) return known;
    try {
      const stored = await within(
        this.#store().get(id),
        storeTimeoutMs,
        () => new Error('the store takes too long'),
      );
      if (stored) this.#known.set(id, stored);
      return stored ?? known;
    } catch (error) {
      this.#log.warn({ err: error, id }, 'The peer store cannot be read');
      return known;
    }
  }

  /** @throws {PeerUnknown} where neither the store nor Telegram can tell how to address the chat. */
  async inputPeer(id: number): Promise<Api.InputPeerUser | Api.InputPeerChat | Api.InputPeerChannel> {
    const { kind, bare } = unmarked(id);
    if (kind === 'group') return new Api.InputPeerChat({ chatId: bigInt(bare) });
    const accessHash = bigInt(await this.#accessHash(id));
    return kind === 'user'
      ? new Api.InputPeerUser({ userId: bigInt(bare), accessHash })
      : new Api.InputPeerChannel({ channelId: bigInt(bare), accessHash });
  }

  async #accessHash(id: number): Promise<string> {
    const found = (await this.find(id))?.accessHash;
    if (found !== undefined) return found;
    this.remember(await this.#ask(id));
    const asked = this.#known.get(id)?.accessHash;
    if (asked === undefined) throw new PeerUnknown(id);
    return asked;
  }

  /** Resolves when everything new has been written, or could not be. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  #store(): PeerStore {
    this.#opened ??= this.#openStore();
    return this.#opened;
  }

  #add(peer: Peer | null): void {
    if (!peer) return;
    const known = this.#known.get(peer.id);
    if (known && !isAddressable(peer) && isAddressable(known)) return;
    if (known && JSON.stringify(known) === JSON.stringify(peer)) return;
    this.#known.set(peer.id, peer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxRemembered && oldest !== undefined) this.#known.delete(oldest);
    if (!isAddressable(peer)) return;
    this.#unsaved.set(peer.id, peer);
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  /** Writes what has come together. What cannot be written stays for the next time that something is new. */
  async #save(): Promise<void> {
    await setImmediate();
    while (this.#unsaved.size > 0) {
      const batch = [...this.#unsaved.values()];
      this.#unsaved.clear();
      try {
        await this.#store().set(batch);
      } catch (error) {
        for (const peer of batch) if (!this.#unsaved.has(peer.id)) this.#unsaved.set(peer.id, peer);
        this.#log.warn({ err: error, peers: batch.length }, 'The peer store cannot be written');
        return;
      }
    }
  }
}
