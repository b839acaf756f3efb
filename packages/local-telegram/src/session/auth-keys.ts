import { randomBytes } from 'node:crypto';
import { sha1 } from '../crypto/hash.ts';
import type { Session } from './session.ts';

/** An authorization key: what one installation of a client shares with the server, across its connections. */
export interface AuthKey {
  /** The lower 64 bits of SHA-1 over the key, as they stand before each encrypted message. */
  readonly id: Buffer;
  /** 256 bytes. */
  readonly key: Buffer;
  readonly salt: bigint;
  readonly sessions: Map<bigint, Session>;
  /** The user who logged in with it. */
  userId: number | undefined;
  /** Whom the client has been told of, by id: with their access hashes. */
  readonly knownUsers: Set<number>;
  /** A client has said which layer it speaks (`initConnection`). */
  initialised: boolean;
}

/** The keys that the data centre knows. */
export class AuthKeys {
  #byId = new Map<bigint, AuthKey>();

  add(key: Buffer, salt: bigint): AuthKey {
    const id = sha1(key).subarray(12, 20);
    const known: AuthKey = {
      id,
      key,
      salt,
      sessions: new Map(),
      userId: undefined,
      knownUsers: new Set(),
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
    minted.userId = userId;
    return minted;
  }

  find(id: bigint): AuthKey | undefined {
    return this.#byId.get(id);
  }

  of(userId: number): AuthKey[] {
    return [...this.#byId.values()].filter((known) => known.userId === userId);
  }

  /** Forgets the keys: whoever uses one is answered with transport error -404. */
  forget(keys: Iterable<AuthKey>): void {
    for (const known of keys) this.#byId.delete(known.id.readBigUInt64LE());
  }
}
