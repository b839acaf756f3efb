import { badRequest } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import type { WorldUser } from '../world/user.ts';
import type { Call, Methods } from './call.ts';
import { logIn, logInComplete } from './log-in.ts';

const digits = (phone: string): string => phone.replace(/\D/g, '');

const byPhone = (call: Call, phone: string): WorldUser => {
  const user = call.world.users.find((known) => !known.bot && digits(known.phone) === digits(phone));
  if (!user) throw badRequest('PHONE_NUMBER_INVALID');
  return user;
};

/** Nothing secret: it only ties `signIn` to the `sendCode` before it. */
const codeHash = (user: WorldUser): string => `code-for-${user.id}`;

/** Log-in by code and by bot token. */
export const auth: Methods = {
  'auth.SendCode': ({ phoneNumber }, call) =>
    new Api.auth.SentCode({
      type: new Api.auth.SentCodeTypeApp({ length: byPhone(call, phoneNumber).loginCode.length }),
      phoneCodeHash: codeHash(byPhone(call, phoneNumber)),
    }),
  'auth.ResendCode': ({ phoneNumber }, call) =>
    new Api.auth.SentCode({
      type: new Api.auth.SentCodeTypeSms({ length: byPhone(call, phoneNumber).loginCode.length }),
      phoneCodeHash: codeHash(byPhone(call, phoneNumber)),
    }),
  'auth.SignIn': ({ phoneNumber, phoneCode, phoneCodeHash }, call) => {
    const user = byPhone(call, phoneNumber);
    if (phoneCodeHash !== codeHash(user)) throw badRequest('PHONE_CODE_EXPIRED');
    if (!phoneCode) throw badRequest('PHONE_CODE_EMPTY');
    if (phoneCode !== user.loginCode) throw badRequest('PHONE_CODE_INVALID');
    return logIn(call, user);
  },
  'auth.ImportBotAuthorization': ({ botAuthToken }, call) => {
    const bot = call.world.users.find((user) => user.bot && user.botToken === botAuthToken);
    if (!bot) throw badRequest('ACCESS_TOKEN_INVALID');
    return logInComplete(call, bot);
  },
  'auth.LogOut': (_, call) => {
    call.dc.authKeys.logOut(call.authKey);
    return new Api.auth.LoggedOut({});
  },
};
