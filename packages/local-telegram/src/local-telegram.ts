import { acceptToken } from './api/auth-token.ts';
import type { DataCentre, Limits } from './api/call.ts';
import { type CallRecord, Dispatcher } from './api/dispatch.ts';
import { LoginTokens } from './api/login-tokens.ts';
import { methods } from './api/methods.ts';
import type { Overlap } from './api/overlaps.ts';
import { type PushSettings, pushChanges } from './api/push.ts';
import { serverKey } from './crypto/server-key.ts';
import { Faults } from './faults.ts';
import type { LoggedOut } from './session/auth-keys.ts';
import { MtprotoServer } from './session/mtproto-server.ts';
import { stringSession } from './string-session.ts';
import { dcId } from './view/media.ts';
import type { Supergroup } from './world/chats.ts';
import { type AcceptedPart, Files } from './world/files.ts';
import type { WorldUser } from './world/user.ts';
import { World } from './world/world.ts';

export interface LocalTelegramOptions {
  /** A free one unless given. */
  readonly port?: number;
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** A new key is made unless given: PKCS#1 or PKCS#8. */
  readonly privateKeyPem?: string;
  /** Files are spooled to a new folder in this one; the system's temporary folder unless given. */
  readonly spoolDir?: string;
  /** Told of what goes wrong in the data centre itself and of clients that break the protocol. */
  readonly onError?: (error: unknown) => void;
}

/** Where clients find the data centre, and the key that they check it by. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** PKCS#1. */
  readonly publicKeyPem: string;
}

/** A running data centre. */
export interface LocalTelegram {
  readonly endpoint: Endpoint;
  /** PKCS#8, to start another with the same key. */
  readonly privateKeyPem: string;
  readonly world: World;
  readonly faults: Faults;
  /** Every call that clients made. */
  readonly calls: readonly CallRecord[];
  /**
   * Calls that came over one connection of a client while another of the same key, not one for files, was closed by neither side: for
   * a session that two processes used at once. A client that is frozen stays connected until its `ping_delay_disconnect` ends that.
   */
  readonly overlaps: readonly Overlap[];
  /** How much a difference gives at once, how long a login token is good for, and how large a file may be. */
  readonly limits: Limits;
  readonly pushes: PushSettings;
  /** Every part of a file that was accepted, in that order; one that came twice is there twice. */
  readonly acceptedParts: readonly AcceptedPart[];
  /** While true connections stay open and nothing comes or goes over them. */
  blackhole: boolean;
  /** Closes all connections; clients may come back at once. */
  dropConnections(): void;
  /** Logs all sessions of an account out: its calls are refused with 401 `AUTH_KEY_UNREGISTERED`, or what is given. */
  revokeSessions(user: WorldUser | string, error?: LoggedOut): void;
  /** Forgets the keys of an account: its clients get transport error -404. */
  forgetKeys(user: WorldUser | string): void;
  /** Tells the members' clients `updateChannelTooLong`, in place of updates. */
  announceTooLong(chat: Supergroup): void;
  /** Leaves nothing listening, no timer and no file. */
  close(): Promise<void>;
}

const ignore = (): void => undefined;

/** Starts a Telegram data centre in this process. */
export const startLocalTelegram = async (options: LocalTelegramOptions = {}): Promise<LocalTelegram> => {
  const host = options.host ?? '127.0.0.1';
  const onError = options.onError ?? ignore;
  const key = serverKey(options.privateKeyPem);
  const faults = new Faults();
  const limits: Limits = {
    ...{ slice: 100, mailboxTooLong: 10_000, channelTooLong: 3000, loginTokenS: 30 },
    uploadParts: { default: 4000, premium: 8000 },
  };
  const server = new MtprotoServer(key, (call) => void dispatcher.dispatch(call).catch(onError), onError);
  const { authKeys } = server;
  const files = new Files(options.spoolDir);
  const loginTokens = new LoginTokens();
  const world = new World(files, {
    mint: (user) => stringSession(dcId, authKeys.mint(user.id).key),
    accept: (user, token) => acceptToken(loginTokens, user, token),
  });
  const address = { host, port: options.port ?? 0 };
  const dc: DataCentre = { world, authKeys, loginTokens, limits, address };
  const dispatcher = new Dispatcher(dc, methods, faults, onError);
  const pushes: PushSettings = { numbered: false };
  pushChanges({ world, authKeys, faults, settings: pushes });
  address.port = await server.listen(address.port, host).catch(async (error: unknown) => {
    await files.close();
    throw error;
  });
  const keysOf = (user: WorldUser | string) =>
    authKeys.of((typeof user === 'string' ? world.user(user) : user).id);

  const close = async () => {
    world.close();
    await server.close();
    await files.close();
  };
  let closed: Promise<void> | undefined;

  return {
    endpoint: { host, port: address.port, publicKeyPem: key.publicKeyPem },
    privateKeyPem: key.privateKeyPem,
    world,
    faults,
    limits,
    pushes,
    acceptedParts: files.accepted,
    calls: dispatcher.calls,
    overlaps: dispatcher.overlaps,
    get blackhole() {
      return server.silent;
    },
    set blackhole(silent) {
      server.silent = silent;
    },
    dropConnections: () => server.dropConnections(),
    revokeSessions: (user, error) => {
      for (const authKey of keysOf(user)) authKeys.logOut(authKey, error);
    },
    forgetKeys: (user) => authKeys.forget(keysOf(user)),
    announceTooLong: (chat) => {
      const account = chat.members[0];
      if (!account) return;
      const change = { kind: 'too-long', pts: chat.box.pts } as const;
      world.deliver([{ chat, audience: chat.members, change }], { account, method: 'updates' });
    },
    close: () => {
      closed ??= close();
      return closed;
    },
  };
};
