import type { MessageIDLike } from 'telegram/define.js';
import { RpcError } from '../rpc-error.ts';
import type { AuthKey, AuthKeys } from '../session/auth-keys.ts';
import type { Session } from '../session/session.ts';
import type { Api, TlObject, TlValue } from '../tl.ts';
import { View } from '../view/view.ts';
import type { Cause } from '../world/chat.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';
import type { LoginTokens } from './login-tokens.ts';

/**
 * How much of a difference is given at once, from when on the client is told to start afresh, how long a token is good, and
 * how large a file may be.
 */
export interface Limits {
  /** Events in one `updates.differenceSlice` or `updates.channelDifference`. */
  slice: number;
  /** Beyond this many events of the mailbox: `updates.differenceTooLong`. */
  mailboxTooLong: number;
  /** Beyond this many events of a supergroup: `updates.channelDifferenceTooLong`. */
  channelTooLong: number;
  /** Seconds for which the next login token can be accepted. */
  loginTokenS: number;
  /** Parts of one file, of accounts without and with premium; told to clients by `help.getAppConfig`. */
  uploadParts: { default: number; premium: number };
}

/** What the methods of the API work on. */
export interface DataCentre {
  readonly world: World;
  readonly authKeys: AuthKeys;
  readonly loginTokens: LoginTokens;
  readonly limits: Limits;
  readonly address: { readonly host: string; readonly port: number };
}

/** One call of a method, unwrapped. */
export class Call {
  readonly dc: DataCentre;
  readonly session: Session;
  readonly request: TlObject;

  constructor(dc: DataCentre, session: Session, request: TlObject) {
    this.dc = dc;
    this.session = session;
    this.request = request;
  }

  get world(): World {
    return this.dc.world;
  }

  get method(): string {
    return this.request.className;
  }

  get authKey(): AuthKey {
    return this.session.authKey;
  }

  /** The account that is logged in, if any. */
  get user(): WorldUser | undefined {
    const { userId } = this.authKey;
    return userId === undefined ? undefined : this.world.findUser(userId);
  }

  /** @throws {RpcError} where nobody is logged in: `SESSION_PASSWORD_NEEDED`, or why the last log-in is void. */
  get account(): WorldUser {
    const { user, authKey } = this;
    if (user) return user;
    throw new RpcError(
      401,
      authKey.progress.passwordOf === undefined ? authKey.refusal : 'SESSION_PASSWORD_NEEDED',
    );
  }

  /** A fresh view for an answer. */
  view(): View {
    return new View(this.world, this.account, this.authKey.knownUsers);
  }

  get cause(): Cause {
    return { account: this.account, method: this.method, session: this.session, request: this.request };
  }
}

type Namespace =
  | 'account'
  | 'auth'
  | 'channels'
  | 'contacts'
  | 'help'
  | 'messages'
  | 'updates'
  | 'upload'
  | 'users';

type RequestsOf<N extends Namespace> = {
  [K in keyof (typeof Api)[N] & string as `${N}.${K}`]: (typeof Api)[N][K] extends new (
    ...args: never[]
  ) => infer R
    ? R
    : never;
};

/** Every request of these namespaces, by the name of its method. */
type Requests = { [N in Namespace]: RequestsOf<N> }[Namespace] extends infer U
  ? { [K in U extends unknown ? keyof U : never]: U extends Record<K, infer R> ? R : never }
  : never;

/** The library lets a caller give a message where the wire has its id. */
type OnTheWire<R> = {
  [K in keyof R]: [MessageIDLike] extends [R[K]]
    ? number
    : [MessageIDLike[]] extends [R[K]]
      ? number[]
      : R[K];
};

/** The request of one method. */
export type RequestOf<K extends keyof Requests> = OnTheWire<Requests[K]>;

type AnswerOf<R> = R extends { __response: infer A } ? A : TlValue;

/** Methods by name: each takes its request and answers, or throws an {@link RpcError}. */
export type Methods = {
  readonly [K in keyof Requests]?: (
    request: RequestOf<K>,
    call: Call,
  ) => AnswerOf<Requests[K]> | Promise<AnswerOf<Requests[K]>>;
};
