import type { TelegramAccount } from './account.ts';
import { AuthLost } from './errors.ts';

const logIn = 'Log in again with `npm run login -- --replace`, then restart.';

/** By Telegram's error (https://core.telegram.org/api/errors#401-unauthorized). */
const remedies: Readonly<Record<string, string>> = {
  AUTH_KEY_DUPLICATED: `The session was used from two places at once, so Telegram has ended it. Keep one session for each service, and see that nothing else uses it. ${logIn}`,
  SESSION_REVOKED: `The session was ended from another device of the account. ${logIn}`,
  SESSION_EXPIRED: `The session has expired. ${logIn}`,
  SESSION_PASSWORD_NEEDED: `The log-in was never finished: the account’s password is missing. ${logIn}`,
  USER_DEACTIVATED:
    'The account was deleted. Log in with another one (`npm run login -- --replace`), then restart.',
  USER_DEACTIVATED_BAN:
    'Telegram has banned the account. Write to recover@telegram.org, or log in with another one (`npm run login -- --replace`); then restart.',
};

/** What an operator has to do about a session that Telegram refuses, in a sentence or two, with Telegram's code. */
export const refusalRemedy = ({ code }: AuthLost): string =>
  `Telegram refuses the session (${code}). ${remedies[code] ?? logIn}`;

/** Resolves with the refusal once Telegram does not accept the account's session any more; never, where `signal` aborts first. */
export const sessionRefused = async (
  account: Pick<TelegramAccount, 'state' | 'onState' | 'connect'>,
  signal: AbortSignal,
): Promise<AuthLost> => {
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  const unsubscribe = account.onState((state) => {
    if (state === 'auth_lost') resolve();
  });
  signal.addEventListener('abort', unsubscribe, { once: true });
  if (account.state === 'auth_lost') resolve();
  await lost;
  unsubscribe();
  // Nothing is asked of Telegram: the account knows why there will be no connection any more.
  return await account.connect().then(
    () => Promise.reject(new Error('an account that lost its session is connected')),
    (error: unknown) => (error instanceof AuthLost ? error : Promise.reject(error)),
  );
};
