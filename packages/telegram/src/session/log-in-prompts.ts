/** How Telegram has sent a code. */
export type CodeSentBy = 'app' | 'sms' | 'call' | 'email' | 'fragment';

/** What a log-in asks of a person. Each may reject, which ends the log-in. */
export interface LogInPrompts {
  /** A phone number in international form. */
  phone(): Promise<string>;
  /** The code that was sent; nothing has it sent another way, as far as Telegram has one. */
  code(sentBy: CodeSentBy): Promise<string>;
  /** The second factor, where the account has one. */
  password(hint: string | undefined): Promise<string>;
  /** Shows a link as a QR code, for the account's app to scan; called again with each new link. */
  showLink(url: string): void;
  /** Tells why something is asked for once more, in a sentence. */
  tell(sentence: string): void;
}

/** A log-in that is under way: whom to ask, and what was answered that may be needed again. */
export interface LogInTalk {
  readonly prompts: LogInPrompts;
  readonly apiId: number;
  readonly apiHash: string;
  phone?: string | undefined;
  password?: string | undefined;
}

/** How often a person may answer wrongly before the log-in ends. */
export const mostTries = 3;
