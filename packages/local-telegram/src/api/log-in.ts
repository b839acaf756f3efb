import { RpcError } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import { View } from '../view/view.ts';
import type { WorldUser } from '../world/user.ts';
import type { Call } from './call.ts';

/** Logs the client in as that user, of whom nothing more is asked. */
export const logInComplete = (call: Call, user: WorldUser): Api.auth.Authorization => {
  call.dc.authKeys.logIn(call.authKey, user.id);
  return new Api.auth.Authorization({ user: new View(call.world, user).user(user) });
};

/**
 * Logs the client in, or asks for the password first.
 * @throws {RpcError} `SESSION_PASSWORD_NEEDED`
 */
export const logIn = (call: Call, user: WorldUser): Api.auth.Authorization => {
  if (user.password === undefined) return logInComplete(call, user);
  call.authKey.progress = { ...call.authKey.progress, passwordOf: user.id };
  throw new RpcError(401, 'SESSION_PASSWORD_NEEDED');
};
