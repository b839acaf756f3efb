import { GrammyError, HttpError } from 'grammy';
import { AnswerLost, NotReached } from './bot-api.ts';

/** What a call that did not succeed means for the message. */
export type Fate =
  /** 429: not before so many milliseconds. */
  | { kind: 'wait'; waitMs: number }
  /** The Bot API had an error of its own: to be tried again. */
  | { kind: 'again'; details: string }
  /** Nothing can be reached: no bot's message is at fault. */
  | { kind: 'unreached'; details: string }
  /** The request left, and nobody knows what became of it. */
  | { kind: 'ambiguous'; details: string }
  /** The group has another id now. */
  | { kind: 'migrated'; to: number }
  /** Telegram does not know the token any more. */
  | { kind: 'refused'; details: string }
  /** Not this message, nor ever; with `chat`, none to that chat for now. */
  | { kind: 'failed'; details: string; chat: boolean };

/** Of 400: those that are about the chat and not about the message. */
const chatFaults =
  /chat not found|user not found|PEER_ID_INVALID|user is deactivated|group chat was deactivated|have no rights to send/i;

const fateOfAnswer = ({ error_code: code, description, parameters }: GrammyError): Fate => {
  const details = `${code} ${description}`;
  if (code === 429) return { kind: 'wait', waitMs: 1000 * (parameters.retry_after ?? 1) };
  if (code >= 500) return { kind: 'again', details };
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'migrated', to: parameters.migrate_to_chat_id };
  // 404 is what a token gets that never was one.
  if (code === 401 || code === 404) return { kind: 'refused', details };
  return { kind: 'failed', details, chat: code === 403 || chatFaults.test(description) };
};

/** Reads the error of a call. What is not known to be harmless may have been sent. */
export const fateOf = (error: unknown): Fate => {
  if (error instanceof GrammyError) return fateOfAnswer(error);
  const cause = error instanceof HttpError ? error.error : error;
  if (cause instanceof NotReached) return { kind: 'unreached', details: cause.message };
  if (cause instanceof AnswerLost) return { kind: 'ambiguous', details: cause.message };
  const details =
    error instanceof HttpError ? 'no answer of the Bot API' : 'no readable answer of the Bot API';
  return { kind: 'ambiguous', details };
};
