import type { TelegramAccount, UpdatesOptions } from './account.ts';
import { GramAccount } from './gramjs/gram-account.ts';
import type { Logger } from './logger.ts';
import { memoryPeerStore, type PeerStore } from './peer-store.ts';

export interface AccountOptions {
  /** A GramJS `StringSession`, logged in. It is the whole account: one process per session, ever. */
  session: string;
  apiId: number;
  apiHash: string;
  /** A data centre that is not Telegram's, with its RSA key. Defaults to the session's own. */
  endpoint?: { host: string; port: number; publicKeyPem: string };
  /** A store, or what gives the store of an account's id; defaults to one in memory. */
  peers?: PeerStore | ((accountId: number) => PeerStore);
  log: Logger;
  /** Follows the account's updates without gaps. */
  updates?: UpdatesOptions;
  /** Called before each request leaves, also before it is repeated; where it throws, the request does not leave, and the call ends in that. */
  fence?: () => void;
  /** After so long without a sign of life the server ends the connection by itself. Defaults to 75 s. */
  silenceMs?: number;
  /** From asking for a call to its answer, reconnects included. Defaults to 30 s; an upload part gets four times that. */
  callTimeoutMs?: number;
  /** Parts of a file that are under way at once. Defaults to 4. */
  uploadWorkers?: number;
}

/** An account that is not connected yet. */
export const createAccount = ({
  peers = memoryPeerStore(),
  callTimeoutMs = 30_000,
  uploadWorkers = 4,
  silenceMs = 75_000,
  ...options
}: AccountOptions): TelegramAccount =>
  new GramAccount({ ...options, peers, callTimeoutMs, uploadWorkers, silenceMs });
