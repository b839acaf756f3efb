import { randomBytes } from 'node:crypto';
import { badRequest } from '../rpc-error.ts';
import type { AuthKey } from '../session/auth-keys.ts';
import { now } from '../world/box.ts';

/** What a client shows as a QR code (https://core.telegram.org/api/qr-login). */
export interface LoginToken {
  readonly token: Buffer;
  /** Unix time in seconds. */
  readonly expires: number;
  /** The client that will be logged in. */
  readonly authKey: AuthKey;
  /** Ids of users that the client is logged in as already. */
  readonly exceptIds: readonly number[];
  accepted: boolean;
}

/** The login tokens that were given out. */
export class LoginTokens {
  #tokens = new Map<string, LoginToken>();

  issue(authKey: AuthKey, exceptIds: readonly number[], lifeS: number): LoginToken {
    const token = randomBytes(32);
    const issued = { token, expires: now() + lifeS, authKey, exceptIds, accepted: false };
    this.#tokens.set(token.toString('hex'), issued);
    return issued;
  }

  /** @throws {RpcError} `AUTH_TOKEN_INVALID`, `AUTH_TOKEN_EXPIRED` */
  find(token: Buffer): LoginToken {
    const found = this.#tokens.get(token.toString('hex'));
    if (!found) throw badRequest('AUTH_TOKEN_INVALID');
    if (found.expires <= now()) throw badRequest('AUTH_TOKEN_EXPIRED');
    return found;
  }
}
