import { badRequest } from '../rpc-error.ts';
import { Api, idOf, long } from '../tl.ts';
import { now } from '../world/box.ts';
import type { WorldUser } from '../world/user.ts';
import type { Call, Methods } from './call.ts';
import { logIn, logInComplete } from './log-in.ts';
import type { LoginToken, LoginTokens } from './login-tokens.ts';
import { pushToClient } from './push.ts';

/**
 * The user lets the client in that has the token, and the client is told to ask for its authorization.
 * @throws {RpcError} `AUTH_TOKEN_*`
 */
export const acceptToken = (tokens: LoginTokens, user: WorldUser, bytes: Buffer): void => {
  const token = tokens.find(bytes);
  if (token.accepted) throw badRequest('AUTH_TOKEN_ALREADY_ACCEPTED');
  if (token.exceptIds.includes(user.id)) throw badRequest('AUTH_TOKEN_EXCEPTION');
  token.accepted = true;
  token.authKey.progress = { acceptedBy: user.id };
  pushToClient(token.authKey, new Api.UpdateLoginToken());
};

const tokenAnswer = ({ token, expires }: LoginToken) => new Api.auth.LoginToken({ token, expires });

/** Null where nobody has accepted a token of this client. @throws {RpcError} `SESSION_PASSWORD_NEEDED` */
const success = (call: Call): Api.auth.LoginTokenSuccess | null => {
  const { acceptedBy } = call.authKey.progress;
  if (call.user) return new Api.auth.LoginTokenSuccess({ authorization: logInComplete(call, call.user) });
  if (acceptedBy === undefined) return null;
  return new Api.auth.LoginTokenSuccess({ authorization: logIn(call, call.world.user(acceptedBy)) });
};

/** Log-in by QR code: https://core.telegram.org/api/qr-login */
export const authToken: Methods = {
  'auth.ExportLoginToken': ({ exceptIds }, call) =>
    success(call) ??
    tokenAnswer(call.dc.loginTokens.issue(call.authKey, exceptIds.map(idOf), call.dc.limits.loginTokenS)),
  // There is one data centre, so no token is ever brought here from another; its own are good all the same.
  'auth.ImportLoginToken': ({ token }, call) => {
    const found = call.dc.loginTokens.find(token);
    if (found.authKey !== call.authKey) throw badRequest('AUTH_TOKEN_INVALID');
    return success(call) ?? tokenAnswer(found);
  },
  'auth.AcceptLoginToken': ({ token }, call) => {
    acceptToken(call.dc.loginTokens, call.account, token);
    return new Api.Authorization({
      hash: long(0),
      deviceModel: 'local',
      platform: 'local',
      systemVersion: '1',
      apiId: 1,
      appName: 'local',
      appVersion: '1',
      dateCreated: now(),
      dateActive: now(),
      ip: '127.0.0.1',
      country: '',
      region: '',
    });
  },
};
