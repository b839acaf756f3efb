import type { DataCentre, DifferenceLimits } from './api/call.ts';
import { type CallRecord, Dispatcher } from './api/dispatch.ts';
import { methods } from './api/methods.ts';
import { pushChanges } from './api/push.ts';
import { serverKey } from './crypto/server-key.ts';
import { Faults } from './faults.ts';
import { MtprotoServer } from './session/mtproto-server.ts';
import { stringSession } from './string-session.ts';
import { dcId } from './view/media.ts';
import type { Supergroup } from './world/chats.ts';
import { Files } from './world/files.ts';
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
  /** How much a difference gives at once. */
  readonly limits: DifferenceLimits;
  /** While true connections stay open and nothing comes or goes over them. */
  blackhole: boolean;
  /** Closes all connections; clients may come back at once. */
  dropConnections(): void;
  /** Logs all sessions of an account out: its calls are refused with 401 `AUTH_KEY_UNREGISTERED`. */
  revokeSessions(user: WorldUser | string): void;
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
  const limits: DifferenceLimits = { slice: 100, mailboxTooLong: 10_000, channelTooLong: 3000 };
  const server = new MtprotoServer(key, (call) => void dispatcher.dispatch(call).catch(onError), onError);
  const { authKeys } = server;
  const files = new Files(options.spoolDir);
  const world = new World(files, (user) => stringSession(dcId, authKeys.mint(user.id).key));
  const address = { host, port: options.port ?? 0 };
  const dc: DataCentre = { world, authKeys, limits, address };
  const dispatcher = new Dispatcher(dc, methods, faults, onError);
  pushChanges(world, authKeys, faults);
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
    calls: dispatcher.calls,
    get blackhole() {
      return server.silent;
    },
    set blackhole(silent) {
      server.silent = silent;
    },
    dropConnections: () => server.dropConnections(),
    revokeSessions: (user) => {
      for (const authKey of keysOf(user)) authKey.userId = undefined;
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
