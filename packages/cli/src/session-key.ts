import { join } from 'node:path';
import { parseSessionKey, type SessionKey } from '@heavy/telegram';
import { Failed } from './command.ts';
import type { AccountSettings } from './config.ts';

/** What is to be done where there is no key yet. */
const howToMakeOne = (
  name: string,
  home: string,
): string => `${name} is not set: it is the key that the sessions are sealed with.
Make one, in a file apart from them:
  npm run heavy -- session new-key <file>
and name that file in ${join(home, '.env')}:
  ${name}_FILE=<file>`;

/**
 * The key that a variable holds.
 * @throws {Failed} with how to make one, where it is not set.
 */
export const keyFrom = (
  settings: AccountSettings,
  name: 'HEAVY_SESSION_KEY' | 'HEAVY_SESSION_KEY_NEW',
  home: string,
): SessionKey => {
  const text = settings[name];
  if (text === undefined) throw new Failed(howToMakeOne(name, home));
  return parseSessionKey(text);
};
