import type { Session } from '../session/session.ts';
import type { Call } from './call.ts';

/** A call that was made while the same client was connected elsewhere too. */
export interface Overlap {
  /** As in the record of the call. */
  readonly account: string | undefined;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly method: string;
}

/** Connected, and not for files alone. */
const isMain = ({ connected, wantsUpdates }: Session): boolean => connected && wantsUpdates;

/** Tells where another main connection of the client's key is open when this call arrives. */
export const whenOverlapping = ({ session, method, authKey }: Call, tell: () => void): void => {
  if (method.startsWith('upload.')) return;
  const others = [...authKey.sessions.values()].filter((other) => other !== session && isMain(other));
  if (others.length === 0) return;
  // That the client closed the other one may have arrived before this call and not be read yet: it is, two turns later.
  setImmediate(() => {
    setImmediate(() => {
      if (others.some(isMain)) tell();
    });
  });
};
