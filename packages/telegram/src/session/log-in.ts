import { Api } from 'telegram';
import type { AccountIdentity } from '../account.ts';
import { TelegramError } from '../errors.ts';
import { identityOf } from '../gramjs/identity.ts';
import type { Logger } from '../logger.ts';
import { LogInClient } from './log-in-client.ts';
import { LogInFailed, toLogInFailed } from './log-in-failed.ts';
import type { LogInPrompts, LogInTalk } from './log-in-prompts.ts';
import { signInByCode } from './sign-in-by-code.ts';
import { signInBeside, signInByToken } from './sign-in-by-token.ts';

/** By a code that Telegram sends, by a QR code that the account's app scans, or, for a bot, by its token. */
export type LogInMethod = { by: 'code'; phone?: string } | { by: 'qr' } | { by: 'bot-token'; token: string };

export interface LogInOptions {
  method: LogInMethod;
  apiId: number;
  apiHash: string;
  /** A data centre that is not Telegram's, with its RSA key. */
  endpoint?: { host: string; port: number; publicKeyPem: string };
  prompts: LogInPrompts;
  /** Ends the log-in: nothing is left behind. */
  signal: AbortSignal;
  log: Logger;
  /** For one call, reconnects included. Defaults to 30 s. */
  callTimeoutMs?: number;
}

/** Who logged in, and two sessions of that account: each for one process. */
export interface LoggedIn {
  account: AccountIdentity;
  sessions: readonly [string, string];
}

type SignIn = (client: LogInClient) => Promise<Api.auth.TypeAuthorization>;

const signInBy = (method: LogInMethod, talk: LogInTalk): SignIn => {
  if (method.by === 'code') return (client) => signInByCode(client, talk);
  if (method.by === 'qr') return (client) => signInByToken(client, talk);
  const { apiId, apiHash } = talk;
  const request = { flags: 0, apiId, apiHash, botAuthToken: method.token };
  return (client) => client.call(new Api.auth.ImportBotAuthorization(request));
};

const userOf = (authorization: Api.auth.TypeAuthorization): Api.User => {
  if (authorization instanceof Api.auth.Authorization && authorization.user instanceof Api.User)
    return authorization.user;
  throw new LogInFailed('NO_ACCOUNT');
};

/**
 * Logs in twice to one account. The person is asked once: the first session lets the second one in, as far as Telegram allows it.
 * Rejects with the signal's reason when that aborts.
 * @throws {LogInFailed}
 */
export const logIn = async (options: LogInOptions): Promise<LoggedIn> => {
  const { method, apiId, apiHash, endpoint, prompts, signal, log, callTimeoutMs = 30_000 } = options;
  const talk: LogInTalk = { prompts, apiId, apiHash, ...(method.by === 'code' && { phone: method.phone }) };
  const clientOptions = { apiId, endpoint, callTimeoutMs, signal, log };
  const signIn = signInBy(method, talk);
  const clients: LogInClient[] = [];
  const open = (beside?: LogInClient): LogInClient => {
    const client = new LogInClient(clientOptions, beside);
    clients.push(client);
    return client;
  };

  const again = async (first: LogInClient): Promise<[LogInClient, Api.auth.TypeAuthorization]> => {
    if (method.by !== 'bot-token') {
      const client = open(first);
      try {
        return [client, await signInBeside(first, client, talk)];
      } catch (error) {
        if (!(error instanceof TelegramError)) throw error;
        await client.discard();
        prompts.tell(`Telegram lets no session in by another (${error.code}): please do it once more.`);
      }
    }
    const client = open(first);
    return [client, await signIn(client)];
  };

  try {
    const first = open();
    const user = userOf(await signIn(first));
    const [second, authorization] = await again(first);
    if (!userOf(authorization).id.equals(user.id)) throw new LogInFailed('OTHER_ACCOUNT');
    const loggedIn = { account: identityOf(user), sessions: [first.session, second.session] as const };
    for (const client of clients) client.close();
    return loggedIn;
  } catch (error) {
    await Promise.all(clients.map((client) => client.discard()));
    signal.throwIfAborted();
    throw error instanceof TelegramError ? toLogInFailed(error) : error;
  }
};
