import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import { StringSession } from 'telegram/sessions/index.js';
import { AuthLost } from '../errors.ts';

export interface LoadedSession {
  dcId: number;
  host: string;
  authKey: AuthKey;
}

/**
 * Reads a GramJS session string.
 * @throws {AuthLost} `SESSION_INVALID` where it holds no key.
 */
export const loadSession = async (text: string): Promise<LoadedSession> => {
  try {
    const session = new StringSession(text);
    await session.load();
    const { authKey, dcId, serverAddress: host } = session;
    if (!authKey?.getKey() || !host) throw new TypeError('the session string holds no key');
    return { dcId, host, authKey };
  } catch (cause) {
    throw new AuthLost('SESSION_INVALID', 'connect', { cause });
  }
};
