import { generateKeyPairSync } from 'node:crypto';
import { type LocalTelegram, startLocalTelegram } from '@heavy/local-telegram';
import { afterEach, beforeEach } from 'vitest';
import type { AccountOptions, IncomingMessage, Logger, TelegramAccount } from '../../src/index.ts';

export type CreateAccount = (options: AccountOptions) => TelegramAccount;

/** A data centre with some people, chats, and the account under test. */
export interface Stage {
  readonly dc: LocalTelegram;
  /** A basic group of heavy and alice. */
  readonly club: ReturnType<LocalTelegram['world']['addGroup']>;
  /** A forum of heavy and alice with the topic News. */
  readonly cinema: ReturnType<LocalTelegram['world']['addSupergroup']>;
  /** An account of heavy's over a session of its own, not connected; closed after the test. */
  account(options?: Partial<AccountOptions>): TelegramAccount;
  connected(options?: Partial<AccountOptions>): Promise<TelegramAccount>;
}

/** One for all data centres of the run: making one takes longer than most tests. */
const privateKeyPem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What `account` hears next. */
export const nextHeard = (account: TelegramAccount): Promise<IncomingMessage> =>
  new Promise((resolve) => {
    const stop = account.onMessage((message) => {
      stop();
      resolve(message);
    });
  });

export const useStage = (createAccount: CreateAccount): Stage => {
  let dc: LocalTelegram;
  let club: Stage['club'];
  let cinema: Stage['cinema'];
  let accounts: TelegramAccount[] = [];

  beforeEach(async () => {
    dc = await startLocalTelegram({ privateKeyPem });
    dc.world.addUser('alice');
    dc.world.addUser('heavy');
    club = dc.world.addGroup('Film club', { members: ['alice', 'heavy'] });
    cinema = dc.world.addSupergroup('Cinema', { members: ['alice', 'heavy'], topics: ['News'] });
  });

  afterEach(async () => {
    await Promise.all(accounts.map((account) => account.close()));
    accounts = [];
    await dc.close();
  });

  const account: Stage['account'] = (options) => {
    const created = createAccount({
      session: dc.world.mintSession('heavy'),
      apiId: 1,
      apiHash: 'hash',
      endpoint: dc.endpoint,
      log: silent,
      ...options,
    });
    accounts.push(created);
    return created;
  };

  return {
    get dc() {
      return dc;
    },
    get club() {
      return club;
    },
    get cinema() {
      return cinema;
    },
    account,
    connected: async (options) => {
      const created = account(options);
      await created.connect();
      return created;
    },
  };
};
