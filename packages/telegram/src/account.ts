/** A stretch of a text, in UTF-16 units, as Telegram marks it; the same shape as in the contracts. */
export interface Entity {
  /** `url`, `text_link`, `mention`, `mention_name`, `bold`, `code`, …; `unknown` for what has no name here. */
  type: string;
  offset: number;
  length: number;
  /** `text_link` only. */
  url?: string;
  /** `mention_name` only. */
  userId?: number;
  /** `pre` only: of the code in it. */
  language?: string;
  /** `custom_emoji` only. */
  documentId?: string;
}

/** Who the account is. */
export interface AccountIdentity {
  id: number;
  username?: string;
  name: string;
  isBot: boolean;
  isPremium: boolean;
  /** With all but the country and the last two digits hidden: `+49•••••••12`. */
  maskedPhone?: string;
}

/** How far each sequence of updates has been dealt with (https://core.telegram.org/api/updates). */
export interface UpdateState {
  /** Of private chats and basic groups. */
  pts: number;
  qts: number;
  seq: number;
  /** Unix time in seconds. */
  date: number;
  /** By marked channel id: the channel's own pts. */
  channels: Map<number, number>;
}

/** Where an account's update state is kept, for one process at a time. */
export interface UpdateStore {
  /** Null before the account's updates were followed for the first time. */
  load(): Promise<UpdateState | null>;
  /** Writes what has changed. */
  save(changes: Partial<UpdateState>): Promise<void>;
  /** Forgets channels that the account is no longer in, by marked id. */
  forget(channels: number[]): Promise<void>;
}

/** How an account's updates are followed: each once, none left out, whatever happens to the connection or to the process. */
export interface UpdatesOptions {
  /** A store, or what gives the store of an account's id. */
  store: UpdateStore | ((accountId: number) => UpdateStore);
  /**
   * Called with each new or edited message: begun in the order of each chat, many at once. Once it resolves the message is not
   * told again; one that rejects is tried again until it does not, or the account closes. After a crash, messages that
   * were under way are told once more, and so may be some of what had to be looked for in the chats themselves.
   */
  onMessage: (message: IncomingMessage) => Promise<void>;
  /**
   * Where Telegram tells no difference (too much was missed, or a channel is new to the account), messages of the last so many
   * seconds are looked for in the chats, though none from before the account joined.
   */
  recoverS: number;
}

/** How the following of updates stands. */
export interface UpdatesStatus {
  /** Unix time in milliseconds; undefined before the first. */
  lastUpdateAt?: number;
  /** Messages that are told and not dealt with. */
  pending: number;
  /** How long the oldest of these has waited, in milliseconds; 0 where there is none. */
  lagMs: number;
  /** A difference is being fetched. */
  catchingUp: boolean;
  /** Since the process began: gaps that were found, and updates that came twice. */
  gaps: number;
  repeats: number;
}

/**
 * `disconnected`: not started, or closed. `connecting`: no usable link, and one is being sought. `auth_lost`: Telegram
 * does not accept the session any more; nothing brings it back but a new log-in.
 */
export type AccountState = 'connecting' | 'connected' | 'disconnected' | 'auth_lost';

export type ChatType = 'private' | 'group' | 'supergroup' | 'channel';
export type MediaType = 'video' | 'audio' | 'document';

/** A message as the account sees it. Chat ids are marked: users positive, basic groups negative, channels `-100…`. */
export interface IncomingMessage {
  chat: { id: number; type: ChatType; title?: string };
  id: number;
  /** Unix time in seconds. */
  date: number;
  edited: boolean;
  /** Unix time in seconds. */
  editDate?: number;
  text: string;
  entities: Entity[];
  sender: { id: number; name?: string; username?: string };
  /** Written by the account itself, from this session or another. */
  outgoing: boolean;
  /** The message it answers; being posted in a topic alone is no answer. */
  replyTo?: number;
  /** Where that message is, if not in this chat; marked. */
  replyToChat?: number;
  /** Written by somebody else, or at another time, and passed on by the sender. */
  forwarded?: true;
  topicId?: number;
  /** Unix time in milliseconds at which it reached this process. */
  receivedAt: number;
  media?: { kind: MediaType | 'photo' | 'other'; mime?: string; sizeBytes?: number };
}

/** Where a message goes, and the number by which Telegram recognises a repeat of it. */
export interface Destination {
  chatId: number;
  replyTo?: number;
  topicId?: number;
  /** Signed, 64 bits, not 0; the same for each attempt to send the same message (`randomIdFrom`). */
  randomId: bigint;
}

export interface TextToSend extends Destination {
  /** At most 4096 UTF-16 units. */
  text: string;
  entities?: Entity[];
  /** Defaults to no preview. */
  linkPreview?: boolean;
}

/** How a file is shown, and under which name it is saved. */
export interface MediaAttributes {
  kind: MediaType;
  mime: string;
  fileName: string;
  durationS?: number;
  width?: number;
  height?: number;
  /** Of an `audio`. */
  title?: string;
  /** Of an `audio`. */
  performer?: string;
  /** A JPEG of at most 320 pixels a side. */
  thumbnail?: UploadedFile;
}

/** An upload that is to become a document. */
export interface NewDocument extends MediaAttributes {
  file: UploadedFile;
}

/** The attributes count for an upload only: a document has those that it was made with. */
export interface MediaToSend extends Destination, MediaAttributes {
  file: UploadedFile | DocumentReference;
  /** At most 1024 UTF-16 units. */
  caption?: string;
  entities?: Entity[];
}

/** A message that is in the chat. */
export interface SentMessage {
  /** Null only for a repeat whose first could not be found again. */
  messageId: number | null;
  /** Telegram had it already, under the same `randomId`: nothing was posted this time. */
  duplicate: boolean;
  /** Of a message with media: sends the same file again, from this account only, without an upload. */
  document?: DocumentReference;
}

/** A document that Telegram holds. Plain data, good for keeping; its reference expires (`FileReferenceExpired`). */
export interface DocumentReference {
  id: string;
  accessHash: string;
  /** In base64. */
  fileReference: string;
}

/** What one `upload` left at Telegram. Plain data; to be sent within hours, once. */
export interface UploadedFile {
  fileId: string;
  parts: number;
  name: string;
  sizeBytes: number;
  /** Of files up to 10 MB, which go up as small parts. */
  md5?: string;
}

export interface FileToUpload {
  name: string;
  sizeBytes: number;
  /**
   * Reads the bytes from `start` up to and without `end`, at most 512 KB of them. Each range is read once, several at
   * the same time, in rising order. The array becomes the account's: it may be empty afterwards.
   */
  read: (range: { start: number; end: number }) => Promise<Uint8Array>;
  /** Bytes that Telegram has accepted: never falls, ends at `sizeBytes`. */
  onProgress?: (sentBytes: number) => void;
  signal?: AbortSignal;
  /** Of a file of more than 10 MB: what is kept of its upload, so that one which did not come to its end can go on. */
  record?: UploadRecord;
}

/** What is known of an upload at Telegram that may have been begun by another process. */
export interface UploadRecord {
  /** The file's id: 64 random bits, as a decimal number. */
  fileId: string;
  /** Whether Telegram has accepted this part with these bytes, and need not be sent it again. */
  isAccepted: (part: number, crc32: number) => boolean;
  /** Is told each part that Telegram accepts. */
  accepted: (part: number, crc32: number) => void;
}

/**
 * One Telegram account over one session. Every call has a deadline, survives a change of connection, and rejects with a
 * `TelegramError` only.
 */
export interface TelegramAccount {
  /**
   * Resolves when connected and authorised; an unreachable Telegram is tried again for ever, with exponential backoff
   * and jitter, until `signal` aborts.
   * @throws {AuthLost} at once where the session is not accepted.
   */
  connect(signal?: AbortSignal): Promise<AccountIdentity>;
  /** @throws {NotConnected} before `connect` has resolved for the first time. */
  readonly identity: AccountIdentity;
  readonly state: AccountState;
  /** Returns the function that ends the subscription; so does `onMessage`. */
  onState(listener: (state: AccountState) => void): () => void;
  /**
   * New and edited messages, of others and of the account's other sessions. What this session sends is not among them.
   * Where the account was made without `updates`, neither is what arrived while there was no connection.
   */
  onMessage(listener: (message: IncomingMessage) => void): () => void;
  /** Undefined where the account was made without `updates`. */
  readonly updates: UpdatesStatus | undefined;
  /** The data centre of the session. */
  readonly dataCentre: number | undefined;
  /** Who has that username now: asked of Telegram each time, since names change hands. Null where nobody has. */
  resolveUsername(username: string): Promise<{ id: number; type: ChatType; name?: string } | null>;
  /** Whether the user is a contact of the account, as far as the account has heard. */
  isContact(userId: number): Promise<boolean>;
  getMessage(chatId: number, messageId: number): Promise<IncomingMessage | null>;
  /** The account's own messages among the last 100 of its in the chat that answer `toMessageId`, newest first. */
  findOwnReplies(chatId: number, toMessageId: number): Promise<IncomingMessage[]>;
  /** A repeat of a `randomId` posts nothing and is a success. */
  sendText(message: TextToSend): Promise<SentMessage>;
  /** Resolves also where the text is that already. */
  editText(edit: { chatId: number; messageId: number; text: string; entities?: Entity[] }): Promise<void>;
  /** For everybody, any number of messages. Those that are gone already do not matter. */
  deleteMessages(chatId: number, messageIds: number[]): Promise<void>;
  /** Sets the account's reaction, or takes it away with null. */
  react(chatId: number, messageId: number, emoji: string | null): Promise<void>;
  /** The largest file that Telegram takes from the account, in bytes; it says so itself. */
  uploadLimitBytes(): Promise<number>;
  /** Parts that fail are repeated, over a new connection if need be. Rejects with the signal's reason on abort. */
  upload(file: FileToUpload): Promise<UploadedFile>;
  /** Sends one part of an upload again, which Telegram has lost (`FilePartMissing`). Parts of less than a whole file are read anew. */
  uploadPart(uploaded: UploadedFile, part: number, file: FileToUpload): Promise<void>;
  /**
   * Makes a document of an upload without posting it: it can be sent to any chat then, any number of times.
   * @throws {FilePartMissing} where Telegram has lost a part of it.
   */
  createDocument(document: NewDocument): Promise<DocumentReference>;
  /** The document in a message of the chat, with a fresh reference; null where there is no such message, or none in it. */
  documentOf(chatId: number, messageId: number): Promise<DocumentReference | null>;
  /** @throws {FileReferenceExpired} where `file` is a reference that has to be fetched or uploaded anew. */
  sendMedia(message: MediaToSend): Promise<SentMessage>;
  /** Ends connections and calls in flight. Nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}
