import { RetryableError } from '@heavy/messaging';
import { FloodWait, type TelegramAccount, TelegramError } from '@heavy/telegram';
import type { Named } from './word-arguments.ts';

export type Names = Pick<TelegramAccount, 'resolveUsername'>;

/** Whoever sends under that id, which is negative where that is a channel or an anonymous admin. */
export interface MeantUser {
  id: number;
  /** As a sentence may begin with. */
  who: string;
  /** By which another command may name them. */
  handle: string;
  /** To be kept with what is said of them. */
  name?: string;
}

const unnamed = (id: number): string => (id > 0 ? `User ${id}` : `Whoever posts as ${id}`);

/** What is none of these letters, or longer, need not be asked for. Telegram's own rule is narrower, and Telegram's to apply. */
const usernamePattern = /^\w{1,32}$/;

/**
 * Who has the username now; null where nobody has, or a chat.
 * @throws {RetryableError} where Telegram cannot be asked at present.
 */
const holderOf = async (username: string, names: Names): Promise<number | null> => {
  if (!usernamePattern.test(username)) return null;
  try {
    const found = await names.resolveUsername(username);
    return found?.type === 'private' ? found.id : null;
  } catch (cause) {
    if (!(cause instanceof TelegramError)) throw cause;
    throw new RetryableError('Telegram does not tell at present who has a username', {
      cause,
      retryAfterMs: cause instanceof FloodWait ? cause.seconds * 1000 : undefined,
    });
  }
};

/**
 * The user that a command names; null where nobody has the username.
 * @throws {RetryableError} where Telegram cannot be asked at present.
 */
export const meantUser = async (named: Named, names: Names): Promise<MeantUser | null> => {
  if ('username' in named) {
    const id = await holderOf(named.username, names);
    const name = `@${named.username}`;
    return id === null ? null : { id, who: name, handle: name, name };
  }
  if ('author' in named) {
    const { author: id, name } = named;
    // Names are anybody's to choose: the id says whom it was about.
    if (name !== undefined) return { id, who: `“${name}” (${id})`, handle: `${id}`, name };
    return { id, who: id > 0 ? `Whoever wrote that (${id})` : unnamed(id), handle: `${id}` };
  }
  const { id, name } = named;
  const handle = `${id}`;
  return name === undefined ? { id, who: unnamed(id), handle } : { id, who: `“${name}”`, handle, name };
};
