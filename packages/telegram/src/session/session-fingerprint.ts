import { createHash } from 'node:crypto';
import { SessionUnreadable } from './sealed-session.ts';

const authKeyBytes = 256;
/** Data centre, address and port, in the shortest of the forms that are read. */
const leastBytes = authKeyBytes + 7;

/**
 * Names a session without telling anything about it: 16 hexadecimal digits of SHA-256 over its authorization key. Two strings of
 * one session, written by different libraries, have the same.
 * @throws {SessionUnreadable} where it is no plain session string.
 */
export const sessionFingerprint = (session: string): string => {
  const bytes = Buffer.from(session.slice(1), 'base64');
  if (!session.startsWith('1') || bytes.length < leastBytes)
    throw new SessionUnreadable('session', 'It is no session string: npm run login makes one.');
  return createHash('sha256').update(bytes.subarray(-authKeyBytes)).digest('hex').slice(0, 16);
};
