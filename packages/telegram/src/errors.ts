/** Anything that a call to Telegram can end with but its result. */
export class TelegramError extends Error {
  override readonly name: string = 'TelegramError';
  /** Telegram's own error (`CHAT_WRITE_FORBIDDEN`), or one in the same style for what never reached it. */
  readonly code: string;
  /** The API method (`messages.SendMessage`), or what was being done. */
  readonly method: string;

  constructor(code: string, method: string, options?: ErrorOptions) {
    super(`${method}: ${code}`, options);
    this.code = code;
    this.method = method;
  }
}

/** This method may not be called again for so long. */
export class FloodWait extends TelegramError {
  override readonly name = 'FloodWait';
  readonly seconds: number;

  constructor(seconds: number, method: string, options?: ErrorOptions) {
    super('FLOOD_WAIT', method, options);
    this.seconds = seconds;
  }
}

/** This chat accepts the account's next message only after so long; other chats do at once. */
export class SlowMode extends TelegramError {
  override readonly name = 'SlowMode';
  readonly seconds: number;

  constructor(seconds: number, method: string, options?: ErrorOptions) {
    super('SLOWMODE_WAIT', method, options);
    this.seconds = seconds;
  }
}

/** The account is restricted for spam. To be stopped and looked at by a person, never repeated. */
export class PeerFlood extends TelegramError {
  override readonly name = 'PeerFlood';
}

/** The session is not accepted (any more); every further call fails the same way. */
export class AuthLost extends TelegramError {
  override readonly name = 'AuthLost';
}

/** The document has to be fetched again or uploaded anew. */
export class FileReferenceExpired extends TelegramError {
  override readonly name = 'FileReferenceExpired';
}

/** No answer in time. Whether it was carried out is unknown: repeat it with the same `randomId`. */
export class CallTimedOut extends TelegramError {
  override readonly name = 'CallTimedOut';

  constructor(method: string, options?: ErrorOptions) {
    super('CALL_TIMED_OUT', method, options);
  }
}

/** The call was never sent: no connection in time, not yet connected, or closed. */
export class NotConnected extends TelegramError {
  override readonly name = 'NotConnected';

  constructor(method: string, options?: ErrorOptions) {
    super('NOT_CONNECTED', method, options);
  }
}

/** The account has never seen this chat, so that it cannot be addressed. */
export class PeerUnknown extends TelegramError {
  override readonly name = 'PeerUnknown';
  readonly chatId: number;

  constructor(chatId: number, options?: ErrorOptions) {
    super('PEER_UNKNOWN', `chat ${chatId}`, options);
    this.chatId = chatId;
  }
}

/** Telegram will not do this, now or later; `code` says why. */
export class Refused extends TelegramError {
  override readonly name = 'Refused';
}

/** Telegram does not have this part of an upload (any more): it has to be sent again (`uploadPart`). */
export class FilePartMissing extends TelegramError {
  override readonly name = 'FilePartMissing';
  /** Counted from 0. */
  readonly part: number;

  constructor(part: number, method: string, options?: ErrorOptions) {
    super(`FILE_PART_${part}_MISSING`, method, options);
    this.part = part;
  }
}

/** A fault on Telegram's side; to be repeated later. */
export class TelegramUnavailable extends TelegramError {
  override readonly name = 'TelegramUnavailable';
}
