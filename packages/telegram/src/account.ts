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
}

/** Who the account is. */
export interface AccountIdentity {
  id: number;
  username?: string;
  name: string;
  isBot: boolean;
  isPremium: boolean;
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

export interface MediaToSend extends Destination {
  file: UploadedFile | DocumentReference;
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
   * the same time, in rising order.
   */
  read: (range: { start: number; end: number }) => Promise<Uint8Array>;
  /** Bytes that Telegram has accepted: never falls, ends at `sizeBytes`. */
  onProgress?: (sentBytes: number) => void;
  signal?: AbortSignal;
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
   * New and edited messages, of others and of the account's other sessions. What this session sends is not among them,
   * and neither is what arrived while there was no connection.
   */
  onMessage(listener: (message: IncomingMessage) => void): () => void;
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
  /** Parts that fail are repeated, over a new connection if need be. Rejects with the signal's reason on abort. */
  upload(file: FileToUpload): Promise<UploadedFile>;
  /** @throws {FileReferenceExpired} where `file` is a reference that has to be fetched or uploaded anew. */
  sendMedia(message: MediaToSend): Promise<SentMessage>;
  /** Ends connections and calls in flight. Nothing keeps the process alive afterwards. */
  close(): Promise<void>;
}
