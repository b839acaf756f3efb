import { FloodWait, TelegramError } from '../errors.ts';

/** The log-in ended without a session. The message is a sentence for the person, without anything that they typed. */
export class LogInFailed extends Error {
  override readonly name = 'LogInFailed';
  /** Telegram's error, or one in the same style. */
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(sentences[code] ?? `Telegram refuses it: ${code}.`, options);
    this.code = code;
  }
}

const sentences: Readonly<Record<string, string>> = {
  ACCESS_TOKEN_EXPIRED: 'Telegram does not accept this bot token any more: @BotFather gives a new one.',
  ACCESS_TOKEN_INVALID: 'Telegram knows no such bot token: @BotFather shows the right one.',
  API_ID_INVALID: 'TELEGRAM_API_ID and TELEGRAM_API_HASH do not belong together: my.telegram.org shows both.',
  API_ID_PUBLISHED_FLOOD:
    'This TELEGRAM_API_ID was published somewhere, and Telegram blocks it: make your own at my.telegram.org.',
  EMAIL_NEEDED: 'Telegram wants an e-mail address for this account first: set one up in a Telegram app.',
  NO_ACCOUNT: 'There is no Telegram account with this number: make one in a Telegram app first.',
  OTHER_ACCOUNT: 'The second log-in was that of another account: both sessions have to be of the same one.',
  PASSWORD_HASH_INVALID: 'That is not the password.',
  PASSWORD_UNSUPPORTED: 'Telegram asks for the password in a way that is not known here.',
  PHONE_CODE_EMPTY: 'A code is needed.',
  PHONE_CODE_EXPIRED: 'That code is not good any more.',
  PHONE_CODE_INVALID: 'That is not the code.',
  PHONE_NUMBER_BANNED: 'Telegram has banned this phone number.',
  PHONE_NUMBER_FLOOD: 'A code was asked for too often with this number: try again tomorrow.',
  PHONE_NUMBER_INVALID:
    'Telegram does not take this for a phone number: give it with its country, like +49 151 23456789.',
  PHONE_PASSWORD_FLOOD: 'Too many passwords were tried for this number: try again tomorrow.',
  UNREACHABLE: 'Telegram cannot be reached.',
  UPDATE_APP_TO_LOGIN: 'Telegram wants a newer client than this one for a log-in.',
  USER_DEACTIVATED: 'The account was deleted.',
  USER_DEACTIVATED_BAN: 'Telegram has banned the account.',
};

const minutes = (seconds: number): string =>
  seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;

/** The same error in a sentence. */
export const toLogInFailed = (error: TelegramError): LogInFailed => {
  const failed = new LogInFailed(error.code, { cause: error });
  if (error instanceof FloodWait)
    failed.message = `Telegram wants a pause: try again in ${minutes(error.seconds)}.`;
  return failed;
};

/** Whether Telegram answered with that error. */
export const isRefusal = (error: unknown, ...codes: readonly string[]): error is TelegramError =>
  error instanceof TelegramError && codes.includes(error.code);
