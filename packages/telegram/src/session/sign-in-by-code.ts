import { Api } from 'telegram';
import type { LogInClient } from './log-in-client.ts';
import { isRefusal, LogInFailed, toLogInFailed } from './log-in-failed.ts';
import { type CodeSentBy, type LogInTalk, mostTries } from './log-in-prompts.ts';
import { signInWithPassword } from './sign-in-with-password.ts';

const sentBy = (type: Api.auth.TypeSentCodeType): CodeSentBy => {
  if (type instanceof Api.auth.SentCodeTypeApp) return 'app';
  if (type instanceof Api.auth.SentCodeTypeEmailCode) return 'email';
  if (type instanceof Api.auth.SentCodeTypeFragmentSms) return 'fragment';
  if (type instanceof Api.auth.SentCodeTypeSetUpEmailRequired) throw new LogInFailed('EMAIL_NEEDED');
  return type.className.endsWith('Call') ? 'call' : 'sms';
};

const sendCode = async (client: LogInClient, talk: LogInTalk): Promise<Api.auth.TypeSentCode> => {
  const { apiId, apiHash, prompts } = talk;
  for (let tries = 1; ; tries++) {
    const phone = talk.phone ?? (await prompts.phone());
    try {
      const settings = new Api.CodeSettings({});
      const sent = await client.call(new Api.auth.SendCode({ phoneNumber: phone, apiId, apiHash, settings }));
      talk.phone = phone;
      return sent;
    } catch (error) {
      if (!isRefusal(error, 'PHONE_NUMBER_INVALID') || tries >= mostTries) throw error;
      talk.phone = undefined;
      prompts.tell(toLogInFailed(error).message);
    }
  }
};

const signIn = async (
  client: LogInClient,
  phone: string,
  sent: Api.auth.SentCode,
  code: string,
): Promise<Api.auth.TypeAuthorization> => {
  const answer =
    sent.type instanceof Api.auth.SentCodeTypeEmailCode
      ? { emailVerification: new Api.EmailVerificationCode({ code }) }
      : { phoneCode: code };
  const { phoneCodeHash } = sent;
  const authorization = await client.call(
    new Api.auth.SignIn({ phoneNumber: phone, phoneCodeHash, ...answer }),
  );
  if (authorization instanceof Api.auth.AuthorizationSignUpRequired) throw new LogInFailed('NO_ACCOUNT');
  return authorization;
};

/** Logs in with the code that Telegram sends to the account's owner (https://core.telegram.org/api/auth). */
export const signInByCode = async (
  client: LogInClient,
  talk: LogInTalk,
): Promise<Api.auth.TypeAuthorization> => {
  let sent = await sendCode(client, talk);
  for (let tries = 1; ; tries++) {
    if (sent instanceof Api.auth.SentCodeSuccess) return sent.authorization;
    const phone = talk.phone ?? '';
    const code = (await talk.prompts.code(sentBy(sent.type))).replaceAll(/[\s-]/g, '');
    try {
      if (code !== '') return await signIn(client, phone, sent, code);
      if (tries >= mostTries) throw new LogInFailed('PHONE_CODE_EMPTY');
      const { phoneCodeHash } = sent;
      sent = await client.call(new Api.auth.ResendCode({ phoneNumber: phone, phoneCodeHash }));
    } catch (error) {
      if (isRefusal(error, 'SESSION_PASSWORD_NEEDED')) return await signInWithPassword(client, talk);
      if (!isRefusal(error, 'PHONE_CODE_INVALID', 'PHONE_CODE_EXPIRED', 'SEND_CODE_UNAVAILABLE')) throw error;
      if (tries >= mostTries) throw error;
      talk.prompts.tell(toLogInFailed(error).message);
      if (error.code === 'PHONE_CODE_EXPIRED') sent = await sendCode(client, talk);
    }
  }
};
