import { backoffMs, sleep, within } from '@heavy/timing';
import bigInt from 'big-integer';
import { Api } from 'telegram';
import type {
  AccountIdentity,
  AccountState,
  ChatType,
  Destination,
  DocumentReference,
  Entity,
  FileToUpload,
  IncomingMessage,
  MediaToSend,
  NewDocument,
  SentMessage,
  TelegramAccount,
  TextToSend,
  UpdatesOptions,
  UpdatesStatus,
  UploadedFile,
} from '../account.ts';
import type { AccountOptions } from '../create-account.ts';
import { NotConnected, Refused, TelegramError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { askForPeer } from './ask-for-peer.ts';
import { type Call, Connections } from './connections.ts';
import { toApiEntities } from './entities.ts';
import { identityOf } from './identity.ts';
import { markedId, unmarked } from './ids.ts';
import { Inbox } from './inbox.ts';
import { Listeners } from './listeners.ts';
import { toInputMedia } from './media.ts';
import { referenceTo, toIncomingMessage, toSentMessage } from './messages.ts';
import { Peers } from './peers.ts';
import { present } from './present.ts';
import { Follower } from './updates/follower.ts';
import { partBytes, upload, uploadPart } from './upload.ts';
import { createUploadLimit } from './upload-limit.ts';

/** Ids that one call may delete (https://core.telegram.org/method/messages.deleteMessages). */
const deletedPerCall = 100;
/** For what is being dealt with when the account closes. */
const closingGraceMs = 5000;
/** Telegram's errors for a username that is nobody's (https://core.telegram.org/method/contacts.resolveUsername). */
const nobodyHas = new Set(['USERNAME_NOT_OCCUPIED', 'USERNAME_INVALID']);
/** The forum topic that every message without one is in; sends must not name it. */
const generalTopic = 1;

/** The driver over the npm package `telegram`: its MTProto and its API types, under a connection of our own. */
export class GramAccount implements TelegramAccount {
  readonly #options: Required<Pick<AccountOptions, 'uploadWorkers'>>;
  readonly #log: Logger;
  readonly #connections: Connections;
  readonly #peers: Peers;
  readonly #states: Listeners<AccountState>;
  readonly #messages: Listeners<IncomingMessage>;
  readonly #closing = new AbortController();
  #identity: AccountIdentity | undefined;
  readonly #inbox: Inbox;
  readonly #follower: Follower | undefined;
  readonly #maxParts: () => Promise<number>;

  constructor(
    options: AccountOptions &
      Required<Pick<AccountOptions, 'peers' | 'callTimeoutMs' | 'uploadWorkers' | 'silenceMs'>>,
  ) {
    const { log } = options;
    this.#options = options;
    this.#log = log;
    this.#states = new Listeners(log);
    this.#messages = new Listeners(log);
    const { peers } = options;
    const store = typeof peers === 'function' ? () => peers(this.identity.id) : () => peers;
    this.#peers = new Peers(store, (id) => askForPeer(id, this.identity.isBot, this.#connections.call), log);
    this.#inbox = new Inbox({
      peers: this.#peers,
      fetch: (chatId, messageId) => this.#fetch(chatId, messageId),
      onMessage: (message) => this.#messages.emit(message),
      log,
    });
    this.#follower = options.updates && this.#createFollower(options.updates);
    this.#maxParts = createUploadLimit(
      (request) => this.#connections.call(request),
      () => this.identity.isPremium,
    );
    const receiver = this.#follower ?? this.#inbox;
    this.#connections = new Connections({
      ...options,
      onUpdate: (update) => receiver.receive(update),
      onGreeted: (self, state) => {
        this.#meet(self);
        this.#follower?.greeted(state);
      },
      onState: (state) => {
        if (state === 'connected') this.#follower?.online();
        this.#states.emit(state);
      },
    });
  }

  async connect(signal?: AbortSignal): Promise<AccountIdentity> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    try {
      await this.#connections.connect(either);
    } catch (error) {
      if (signal?.aborted) await this.close();
      throw error;
    }
    return this.identity;
  }

  get identity(): AccountIdentity {
    if (!this.#identity) throw new NotConnected('identity');
    return this.#identity;
  }

  get state(): AccountState {
    return this.#connections.state;
  }

  onState(listener: (state: AccountState) => void): () => void {
    return this.#states.add(listener);
  }

  onMessage(listener: (message: IncomingMessage) => void): () => void {
    return this.#messages.add(listener);
  }

  get updates(): UpdatesStatus | undefined {
    return this.#follower?.status;
  }

  get dataCentre(): number | undefined {
    return this.#connections.dataCentre;
  }

  async resolveUsername(username: string): Promise<{ id: number; type: ChatType; name?: string } | null> {
    try {
      const { peer } = await this.#call(new Api.contacts.ResolveUsername({ username }));
      const id = markedId(peer);
      const found = this.#peers.look(id);
      return {
        ...{ id, type: found?.type ?? (id > 0 ? 'private' : 'channel') },
        ...(found?.name !== undefined && { name: found.name }),
      };
    } catch (error) {
      if (error instanceof Refused && nobodyHas.has(error.code)) return null;
      throw error;
    }
  }

  async isContact(userId: number): Promise<boolean> {
    return (await this.#peers.find(userId))?.contact === true;
  }

  async getMessage(chatId: number, messageId: number): Promise<IncomingMessage | null> {
    const message = await this.#fetch(chatId, messageId);
    return message && this.#toIncoming(message);
  }

  async findOwnReplies(chatId: number, toMessageId: number): Promise<IncomingMessage[]> {
    return (await this.#ownReplies(chatId, toMessageId)).map((message) => this.#toIncoming(message));
  }

  async sendText(message: TextToSend): Promise<SentMessage> {
    const request = new Api.messages.SendMessage(
      present({
        ...(await this.#destination(message)),
        message: message.text,
        entities: await this.#entities(message.entities),
        noWebpage: !message.linkPreview,
      }),
    );
    return this.#send(request, message, (first) => !first.media && first.text === message.text);
  }

  async sendMedia(message: MediaToSend): Promise<SentMessage> {
    const request = new Api.messages.SendMedia(
      present({
        ...(await this.#destination(message)),
        media: toInputMedia(message),
        message: message.caption ?? '',
        entities: await this.#entities(message.entities),
      }),
    );
    const { file, kind, caption = '' } = message;
    // One command may be answered with several files.
    return this.#send(request, message, ({ media, text }, document) =>
      'accessHash' in file ? document?.id === file.id : media?.kind === kind && text === caption,
    );
  }

  async editText(edit: {
    chatId: number;
    messageId: number;
    text: string;
    entities?: Entity[];
  }): Promise<void> {
    const request = new Api.messages.EditMessage(
      present({
        peer: await this.#peers.inputPeer(edit.chatId),
        id: edit.messageId,
        message: edit.text,
        entities: await this.#entities(edit.entities),
        noWebpage: true,
      }),
    );
    await this.#call(request).catch(unlessCode('MESSAGE_NOT_MODIFIED'));
  }

  async deleteMessages(chatId: number, messageIds: number[]): Promise<void> {
    for (let i = 0; i < messageIds.length; i += deletedPerCall) {
      const id = messageIds.slice(i, i + deletedPerCall);
      const channel = await this.#inputChannel(chatId);
      await this.#call(
        channel
          ? new Api.channels.DeleteMessages({ channel, id })
          : new Api.messages.DeleteMessages({ id, revoke: true }),
      );
    }
  }

  async react(chatId: number, messageId: number, emoji: string | null): Promise<void> {
    const request = new Api.messages.SendReaction({
      peer: await this.#peers.inputPeer(chatId),
      msgId: messageId,
      reaction: emoji === null ? [] : [new Api.ReactionEmoji({ emoticon: emoji })],
    });
    await this.#call(request).catch(unlessCode('MESSAGE_NOT_MODIFIED'));
  }

  async uploadLimitBytes(): Promise<number> {
    return (await this.#maxParts()) * partBytes;
  }

  async upload(file: FileToUpload): Promise<UploadedFile> {
    const maxParts = await this.#maxParts();
    return this.#connections.uploading((save) =>
      upload(file, { ...this.#uploading(save), workers: this.#options.uploadWorkers, maxParts }),
    );
  }

  uploadPart(uploaded: UploadedFile, part: number, file: FileToUpload): Promise<void> {
    return this.#connections.uploading((save) => uploadPart(uploaded, part, file, this.#uploading(save)));
  }

  async createDocument(document: NewDocument): Promise<DocumentReference> {
    const request = new Api.messages.UploadMedia({
      peer: new Api.InputPeerSelf(),
      media: toInputMedia(document),
    });
    const created = referenceTo({ media: await this.#call(request) });
    if (!created) throw new TelegramError('NO_DOCUMENT', 'messages.UploadMedia');
    return created;
  }

  async documentOf(chatId: number, messageId: number): Promise<DocumentReference | null> {
    const message = await this.#fetch(chatId, messageId);
    return (message && referenceTo(message)) ?? null;
  }

  async close(): Promise<void> {
    this.#closing.abort(new NotConnected('close'));
    const stopped = this.#follower?.stop(closingGraceMs);
    this.#connections.close();
    await stopped;
    await within(this.#peers.saved(), 1000, () => new Error('the peer store takes too long')).catch((error) =>
      this.#log.warn({ err: error }, 'New peers were not saved'),
    );
  }

  #createFollower({ store, onMessage, recoverS }: UpdatesOptions): Follower {
    return new Follower({
      call: (request) => this.#connections.call(request),
      peers: this.#peers,
      store: () => (typeof store === 'function' ? store(this.identity.id) : store),
      self: () => this.identity,
      tell: async (found, receivedAt) => {
        const message = await this.#inbox.read(found, receivedAt);
        this.#messages.emit(message);
        await this.#dealWith(message, onMessage);
      },
      recoverS,
      log: this.#log,
    });
  }

  /** Tries until it is done; rejects only because the account closes. */
  async #dealWith(message: IncomingMessage, deal: UpdatesOptions['onMessage']): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; ; attempt++) {
      try {
        return await deal(message);
      } catch (error) {
        signal.throwIfAborted();
        const { chat, id } = message;
        this.#log.error(
          { err: error, chatId: chat.id, messageId: id },
          'A message was not dealt with; trying again',
        );
        await sleep(backoffMs(attempt, { firstMs: 250, maxMs: 30_000 }), signal);
      }
    }
  }

  #uploading(save: Call) {
    return { save, signal: this.#closing.signal, log: this.#log };
  }

  async #call<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const answer = await this.#connections.call(request);
    this.#peers.remember(answer);
    return answer;
  }

  /** Sends; a repeat that Telegram refuses as one is a success, and its first is looked for among the answers. */
  async #send(
    request: Api.messages.SendMessage | Api.messages.SendMedia,
    { chatId, replyTo, randomId }: Destination,
    isFirst: (candidate: IncomingMessage, document: DocumentReference | undefined) => boolean,
  ): Promise<SentMessage> {
    try {
      return toSentMessage(await this.#call(request), randomId);
    } catch (error) {
      unlessCode('RANDOM_ID_DUPLICATE')(error);
    }
    const nowhere = { messageId: null, duplicate: true };
    if (replyTo === undefined) return nowhere;
    const replies = await this.#ownReplies(chatId, replyTo).catch((error) => {
      if (error instanceof Refused) return [];
      throw error;
    });
    const isMedia = request instanceof Api.messages.SendMedia;
    const first =
      replies.find((message) => isFirst(this.#toIncoming(message), referenceTo(message))) ??
      // A text may have been edited since.
      replies.find((message) => !isMedia && !this.#toIncoming(message).media);
    if (!first) return nowhere;
    const document = referenceTo(first);
    return { messageId: first.id, duplicate: true, ...(document && { document }) };
  }

  async #destination({ chatId, replyTo, topicId, randomId }: Destination) {
    const topMsgId = topicId === generalTopic ? undefined : topicId;
    const replyToMsgId = replyTo ?? topMsgId;
    return {
      peer: await this.#peers.inputPeer(chatId),
      randomId: bigInt(randomId.toString()),
      replyTo:
        replyToMsgId === undefined
          ? undefined
          : new Api.InputReplyToMessage(present({ replyToMsgId, topMsgId })),
    };
  }

  #entities(entities: Entity[] | undefined): Promise<Api.TypeMessageEntity[] | undefined> {
    return toApiEntities(entities, async (id) => {
      const accessHash = (await this.#peers.find(id))?.accessHash;
      return accessHash === undefined
        ? null
        : new Api.InputUser({ userId: bigInt(id), accessHash: bigInt(accessHash) });
    });
  }

  async #ownReplies(chatId: number, toMessageId: number): Promise<Api.Message[]> {
    const request = new Api.messages.Search({
      peer: await this.#peers.inputPeer(chatId),
      q: '',
      fromId: new Api.InputPeerSelf(),
      filter: new Api.InputMessagesFilterEmpty(),
      minDate: 0,
      maxDate: 0,
      offsetId: 0,
      addOffset: 0,
      limit: 100,
      maxId: 0,
      minId: toMessageId,
      hash: bigInt.zero,
    });
    const own = messagesOf(await this.#call(request)).filter(({ out }) => out);
    return own
      .filter((message) => this.#toIncoming(message).replyTo === toMessageId)
      .sort((a, b) => b.id - a.id);
  }

  async #fetch(chatId: number, messageId: number): Promise<Api.Message | null> {
    const channel = await this.#inputChannel(chatId);
    const id = [new Api.InputMessageID({ id: messageId })];
    const answer = await this.#call(
      channel ? new Api.channels.GetMessages({ channel, id }) : new Api.messages.GetMessages({ id }),
    );
    const messages = messagesOf(answer);
    return (
      messages.find((message) => message.id === messageId && markedId(message.peerId) === chatId) ?? null
    );
  }

  async #inputChannel(chatId: number): Promise<Api.InputChannel | null> {
    if (unmarked(chatId).kind !== 'channel') return null;
    const peer = await this.#peers.inputPeer(chatId);
    return peer instanceof Api.InputPeerChannel ? new Api.InputChannel(peer) : null;
  }

  #meet(self: Api.User): void {
    this.#identity = identityOf(self);
    this.#peers.remember({ users: [self] });
    this.#inbox.open(this.#identity.id);
  }

  #toIncoming(message: Api.Message): IncomingMessage {
    const look = (id: number) => this.#peers.look(id);
    return toIncomingMessage(message, { selfId: this.identity.id, look, receivedAt: Date.now() });
  }
}

const messagesOf = (answer: Api.messages.TypeMessages): Api.Message[] =>
  'messages' in answer ? answer.messages.filter((message) => message instanceof Api.Message) : [];

/** Swallows Telegram's error `code`, and throws every other. */
const unlessCode = (code: string) => (error: unknown) => {
  if (!(error instanceof TelegramError && error.code === code)) throw error;
};
