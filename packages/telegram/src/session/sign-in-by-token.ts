import { Api } from 'telegram';
import type { LogInClient } from './log-in-client.ts';
import { isRefusal, LogInFailed } from './log-in-failed.ts';
import type { LogInTalk } from './log-in-prompts.ts';
import { signInWithPassword } from './sign-in-with-password.ts';

/** Asks for a login token, or for what became of the last one: an authorization, once the token was accepted. */
const askForToken = async (
  client: LogInClient,
  talk: LogInTalk,
): Promise<Api.auth.LoginToken | Api.auth.TypeAuthorization> => {
  const { apiId, apiHash } = talk;
  try {
    let answer = await client.call(new Api.auth.ExportLoginToken({ apiId, apiHash, exceptIds: [] }));
    if (answer instanceof Api.auth.LoginTokenMigrateTo) {
      // The account that accepted it is kept elsewhere.
      client.moveTo(answer.dcId);
      answer = await client.call(new Api.auth.ImportLoginToken({ token: answer.token }));
    }
    if (answer instanceof Api.auth.LoginToken) return answer;
    if (answer instanceof Api.auth.LoginTokenSuccess) return answer.authorization;
    throw new LogInFailed('AUTH_TOKEN_INVALID');
  } catch (error) {
    if (isRefusal(error, 'SESSION_PASSWORD_NEEDED')) return await signInWithPassword(client, talk);
    throw error;
  }
};

/** A new token is asked for so long before the old one expires. */
const aheadMs = 3000;

/** Logs in once a device of the account has accepted the link that is shown to it (https://core.telegram.org/api/qr-login). */
export const signInByToken = async (
  client: LogInClient,
  talk: LogInTalk,
): Promise<Api.auth.TypeAuthorization> => {
  let shown: string | undefined;
  for (;;) {
    const answer = await askForToken(client, talk);
    if (!(answer instanceof Api.auth.LoginToken)) return answer;
    const url = `tg://login?token=${answer.token.toString('base64url')}`;
    if (url !== shown) talk.prompts.showLink(url);
    shown = url;
    await client.tokenNews(answer.expires * 1000 - aheadMs);
  }
};

/** Logs `client` in to the account that `insider` is logged in to, which lets it in as a person's phone would. */
export const signInBeside = async (
  insider: LogInClient,
  client: LogInClient,
  talk: LogInTalk,
): Promise<Api.auth.TypeAuthorization> => {
  const answer = await askForToken(client, talk);
  if (!(answer instanceof Api.auth.LoginToken)) return answer;
  await insider.call(new Api.auth.AcceptLoginToken({ token: answer.token }));
  const authorization = await askForToken(client, talk);
  if (authorization instanceof Api.auth.LoginToken) throw new LogInFailed('AUTH_TOKEN_INVALID');
  return authorization;
};
