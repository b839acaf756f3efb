import type { Logger } from '@heavy/service';
import {
  CallTimedOut,
  FloodWait,
  type IncomingMessage,
  NotConnected,
  type TelegramAccount,
  TelegramUnavailable,
} from '@heavy/telegram';
import { sleep } from '@heavy/timing';

const attempts = 5;
const pauseMs = 1000;
/** A command that has to wait longer goes without what it replies to. */
const longestFloodWaitS = 60;

/** How long to wait before the same call may succeed; null where that does not help. */
const waitMs = (error: unknown): number | null => {
  if (error instanceof FloodWait) return error.seconds <= longestFloodWaitS ? error.seconds * 1000 : null;
  const passing =
    error instanceof CallTimedOut || error instanceof NotConnected || error instanceof TelegramUnavailable;
  return passing ? pauseMs : null;
};

interface Deps {
  account: Pick<TelegramAccount, 'getMessage'>;
  log: Pick<Logger, 'warn'>;
  /** Ends the waiting. */
  signal: AbortSignal;
}

/**
 * The message that this one replies to. What passes is waited for; what cannot be had is null. Rejects only when the signal
 * aborts.
 */
export const repliedTo = async (
  { account, log, signal }: Deps,
  { chat, replyTo, replyToChat = chat.id }: IncomingMessage,
): Promise<IncomingMessage | null> => {
  if (replyTo === undefined) return null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await account.getMessage(replyToChat, replyTo);
    } catch (error) {
      signal.throwIfAborted();
      const ms = waitMs(error);
      if (ms === null || attempt === attempts) {
        log.warn({ err: error, replyTo }, 'the message replied to could not be fetched');
        return null;
      }
      await sleep(ms, signal);
    }
  }
};
