import { Api } from 'telegram';
import { computeCheck } from 'telegram/Password.js';
import type { LogInClient } from './log-in-client.ts';
import { isRefusal, LogInFailed, toLogInFailed } from './log-in-failed.ts';
import { type LogInTalk, mostTries } from './log-in-prompts.ts';

const proofOf = (question: Api.account.Password, password: string): Promise<Api.TypeInputCheckPasswordSRP> =>
  computeCheck(question, password).catch((cause: unknown) => {
    throw new LogInFailed('PASSWORD_UNSUPPORTED', { cause });
  });

/**
 * Proves that the password is known, by SRP: it is not sent (https://core.telegram.org/api/srp). Asks for it, unless it was
 * given before.
 */
export const signInWithPassword = async (
  client: LogInClient,
  talk: LogInTalk,
): Promise<Api.auth.TypeAuthorization> => {
  for (let tries = 1; ; tries++) {
    const question = await client.call(new Api.account.GetPassword());
    const password = talk.password ?? (await talk.prompts.password(question.hint));
    try {
      const proof = await proofOf(question, password);
      const authorization = await client.call(new Api.auth.CheckPassword({ password: proof }));
      talk.password = password;
      return authorization;
    } catch (error) {
      if (!isRefusal(error, 'PASSWORD_HASH_INVALID', 'SRP_ID_INVALID')) throw error;
      if (tries >= mostTries) throw toLogInFailed(error);
      // The question had grown old while the person was typing: the same answer may do for a new one.
      const stale = error.code === 'SRP_ID_INVALID';
      talk.password = stale ? password : undefined;
      if (!stale) talk.prompts.tell(toLogInFailed(error).message);
    }
  }
};
