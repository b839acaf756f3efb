import { randomBytes } from 'node:crypto';
import { sha1 } from '../crypto/hash.ts';
import type { PasswordCheck } from '../crypto/srp.ts';
import type { Session } from './session.ts';

/** Why a client that was logged in is so no longer (https://core.telegram.org/api/errors#401-unauthorized). */
export type LoggedOut = 'AUTH_KEY_UNREGISTERED' | 'SESSION_REVOKED' | 'SESSION_EXPIRED' | 'USER_DEACTIVATED';

/** How far somebody has come who is about to log in. */
export interface LogInProgress {
  /** The user who accepted the client's token, as after scanning its QR code. */
  readonly acceptedBy?: number;
  /** The user whose password is missing, while all else was right. */
  readonly passwordOf?: number;
  /** The one try that the client has. */
  readonly check?: PasswordCheck;
}

/** An authorization key: what one installation of a client shares with the server, across its connections. */
export interface AuthKey {
  /** The lower 64 bits of SHA-1 over the key, as they stand before each encrypted message. */
  readonly id: Buffer;
  /** 256 bytes. */
  readonly key: Buffer;
  readonly salt: bigint;
  readonly sessions: Map<bigint, Session>;
  /** The user who logged in with it; set by {@link AuthKeys.logIn} and {@link AuthKeys.logOut} only. */
  userId: number | undefined;
  progress: LogInProgress;
  /** What calls are refused with while nobody is logged in. */
  refusal: LoggedOut;
  /** Whom the client has been told of, by id: with their access hashes. */
  readonly knownUsers: Set<number>;
  /** How many containers of updates were numbered for it (https://core.telegram.org/api/updates#updates-sequence). */
  seq: number;
  /** A client has said which layer it speaks (`initConnection`). */
  initialised: boolean;
}

/** The keys that the data centre knows. */
export class AuthKeys {
  #byId = new Map<bigint, AuthKey>();
  #byUser = new Map<number, Set<AuthKey>>();

  add(key: Buffer, salt: bigint): AuthKey {
    const id = sha1(key).subarray(12, 20);
    const known: AuthKey = {
      id,
      key,
      salt,
      sessions: new Map(),
      userId: undefined,
      progress: {},
      refusal: 'AUTH_KEY_UNREGISTERED',
      knownUsers: new Set(),
      seq: 0,
      initialised: false,
    };
    this.#byId.set(id.readBigUInt64LE(), known);
    return known;
  }

  /** A key that no handshake made, logged in as that user. */
  mint(userId: number): AuthKey {
    const key = randomBytes(256);
    // Libraries disagree about a key with leading zeros; a handshake makes one in 256 times.
    key[0] = (key[0] ?? 0) | 1;
    const minted = this.add(key, randomBytes(8).readBigInt64LE());
    this.logIn(minted, userId);
    return minted;
  }

  logIn(authKey: AuthKey, userId: number): void {
    this.logOut(authKey);
    authKey.userId = userId;
    this.#byUser.set(userId, (this.#byUser.get(userId) ?? new Set()).add(authKey));
  }

  /** Calls are refused with `refusal` from now on. */
  logOut(authKey: AuthKey, refusal: LoggedOut = 'AUTH_KEY_UNREGISTERED'): void {
    if (authKey.userId !== undefined) this.#byUser.get(authKey.userId)?.delete(authKey);
    authKey.userId = undefined;
    authKey.progress = {};
    authKey.refusal = refusal;
  }

  find(id: bigint): AuthKey | undefined {
    return this.#byId.get(id);
  }

  /** Whether any client is logged in as that user. */
  has(userId: number): boolean {
    return (this.#byUser.get(userId)?.size ?? 0) > 0;
  }

  of(userId: number): AuthKey[] {
    return [...(this.#byUser.get(userId) ?? [])];
  }

  /** The clients that have been told of that user. */
  knowing(userId: number): AuthKey[] {
    return [...this.#byId.values()].filter(({ knownUsers }) => knownUsers.has(userId));
  }

  /** Forgets the keys: whoever uses one is answered with transport error -404. */
  forget(keys: Iterable<AuthKey>): void {
    for (const known of keys) {
      this.#byId.delete(known.id.readBigUInt64LE());
      this.logOut(known);
    }
  }
}
