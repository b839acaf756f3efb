import type { Api } from 'telegram';
import type { IncomingMessage } from '../account.ts';
import type { Logger } from '../logger.ts';
import { markedId } from './ids.ts';
import { type MessageUpdate, messagesIn, toIncomingMessage } from './messages.ts';
import type { Peers } from './peers.ts';

interface InboxOptions {
  peers: Peers;
  /** Fetches a message with the people in it, who are remembered. */
  fetch: (chatId: number, messageId: number) => Promise<unknown>;
  onMessage: (message: IncomingMessage) => void;
  log: Logger;
}

/** Makes messages of updates, those of one chat in their order. */
export class Inbox {
  readonly #options: InboxOptions;
  #selfId: number | undefined;
  /** What came before it was known who the account is. */
  #early: Api.TypeUpdates[] = [];
  /** By chat: settles when the messages that came so far have been handed on. */
  readonly #introducing = new Map<number, Promise<void>>();

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  open(selfId: number): void {
    this.#selfId = selfId;
    const early = this.#early;
    this.#early = [];
    for (const update of early) this.receive(update);
  }

  /** Takes what comes, where nobody follows the updates. */
  receive(update: Api.TypeUpdates): void {
    if (this.#selfId === undefined) {
      this.#early.push(update);
      return;
    }
    const receivedAt = Date.now();
    this.#options.peers.remember(update);
    for (const found of messagesIn(update, this.#selfId))
      void this.read(found, receivedAt).then(this.#options.onMessage);
  }

  /** Writes a message out; one that names strangers when they are known, and those of the same chat after it. Never rejects. */
  async read(found: MessageUpdate, receivedAt: number): Promise<IncomingMessage> {
    const { peers } = this.#options;
    const { message, edited } = found;
    const chatId = markedId(message.peerId);
    const before = this.#introducing.get(chatId);
    const isStrange = found.short && this.#strangersIn(found).length > 0;
    if (before || isStrange) {
      const turn = Promise.all([before, isStrange && this.#introduce(found)]).then(() => {
        if (this.#introducing.get(chatId) === turn) this.#introducing.delete(chatId);
      });
      this.#introducing.set(chatId, turn);
      await turn;
    }
    const selfId = this.#selfId ?? 0;
    return toIncomingMessage(message, { selfId, look: (id) => peers.look(id), receivedAt, edited });
  }

  #strangersIn({ message }: MessageUpdate): number[] {
    const named = [message.peerId, ...(message.fromId ? [message.fromId] : [])].map(markedId);
    return named.filter((id) => !this.#options.peers.look(id));
  }

  /** Learns who is in a message: from the store, else by fetching the message with its people. Never rejects. */
  async #introduce(found: MessageUpdate): Promise<void> {
    const { peers, fetch, log } = this.#options;
    try {
      for (const id of this.#strangersIn(found)) await peers.find(id);
      if (this.#strangersIn(found).length > 0) await fetch(markedId(found.message.peerId), found.message.id);
    } catch (error) {
      log.warn({ err: error }, 'A message’s chat and sender could not be fetched');
    }
  }
}
