import { randomBytes } from 'node:crypto';
import { dhPrime, generator } from '../crypto/handshake.ts';
import { newSalts, PasswordCheck, type StoredPassword, storePassword } from '../crypto/srp.ts';
import { badRequest } from '../rpc-error.ts';
import { Api, long, nativeLong } from '../tl.ts';
import type { WorldUser } from '../world/user.ts';
import type { Call, Methods } from './call.ts';
import { logInComplete } from './log-in.ts';

/** Hashing a password takes a tenth of a second: it is done once. */
const stored = new WeakMap<WorldUser, { password: string; secret: Promise<StoredPassword> }>();

const storedOf = (user: WorldUser, password: string): Promise<StoredPassword> => {
  const known = stored.get(user);
  if (known?.password === password) return known.secret;
  const secret = storePassword(password);
  stored.set(user, { password, secret });
  return secret;
};

const algorithm = ({ salt1, salt2 }: Pick<StoredPassword, 'salt1' | 'salt2'>) =>
  new Api.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow({
    salt1,
    salt2,
    g: generator,
    p: dhPrime,
  });

/** The user who is logged in, or who would be but for the password. */
const ownerOf = (call: Call): WorldUser => {
  const { passwordOf } = call.authKey.progress;
  return passwordOf === undefined ? call.account : call.world.user(passwordOf);
};

/** https://core.telegram.org/api/srp */
export const authPassword: Methods = {
  'account.GetPassword': async (_, call) => {
    const user = ownerOf(call);
    const next = {
      newAlgo: algorithm(newSalts()),
      newSecureAlgo: new Api.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000({ salt: randomBytes(8) }),
      secureRandom: randomBytes(256),
    };
    if (user.password === undefined) return new Api.account.Password(next);
    const check = new PasswordCheck(await storedOf(user, user.password));
    call.authKey.progress = { ...call.authKey.progress, check };
    return new Api.account.Password({
      ...next,
      hasPassword: true,
      currentAlgo: algorithm(check.stored),
      srp_B: check.serverPublic,
      srpId: long(check.id),
    });
  },
  'auth.CheckPassword': ({ password }, call) => {
    const user = ownerOf(call);
    const { check, ...progress } = call.authKey.progress;
    if (!(password instanceof Api.InputCheckPasswordSRP)) throw badRequest('PASSWORD_HASH_INVALID');
    if (!check || nativeLong(password.srpId) !== check.id) throw badRequest('SRP_ID_INVALID');
    // One try for each question, or the proof could be searched for.
    call.authKey.progress = progress;
    if (!check.accepts(Buffer.from(password.A), Buffer.from(password.M1)))
      throw badRequest('PASSWORD_HASH_INVALID');
    return logInComplete(call, user);
  },
};
