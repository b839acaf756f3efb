import { sessionFingerprint, sessionFromSettings } from '@heavy/telegram';
import type { StartSettings } from './env-file.ts';

/** The sessions of gateway and sender cannot be used as they are. */
export class SessionsAtFault extends Error {
  override readonly name = 'SessionsAtFault';
}

const fingerprintOf = (service: string, session: string, key: string | undefined): string => {
  try {
    return sessionFingerprint(
      sessionFromSettings({
        TELEGRAM_SESSION: session,
        ...(key === undefined ? {} : { HEAVY_SESSION_KEY: key }),
      }),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SessionsAtFault(`The session of the ${service} cannot be used: ${why}`, { cause });
  }
};

/**
 * Sees to it that each of the two has a session of its own, also where they are sealed: Telegram revokes one that is used from
 * two places.
 * @throws {SessionsAtFault} where it is the same one twice, or one cannot be opened.
 */
export const checkSessions = (
  settings: Pick<StartSettings, 'gatewaySession' | 'senderSession' | 'sessionKey'>,
): void => {
  const { gatewaySession, senderSession, sessionKey } = settings;
  if (
    fingerprintOf('gateway', gatewaySession, sessionKey) ===
    fingerprintOf('sender', senderSession, sessionKey)
  )
    throw new SessionsAtFault(
      'Gateway and sender have the same session, and Telegram would revoke it: npm run login makes one for each.',
    );
};
