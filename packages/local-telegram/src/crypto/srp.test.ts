import { computeCheck } from 'telegram/Password.js';
import { describe, expect, it } from 'vitest';
import { Api, long } from '../tl.ts';
import { dhPrime, generator } from './handshake.ts';
import { sha256 } from './hash.ts';
import { PasswordCheck, type StoredPassword, storePassword } from './srp.ts';

/** What the client library makes of a password that is asked for. */
const proofOf = async (check: PasswordCheck, password: string) => {
  const { salt1, salt2 } = check.stored;
  const algo = new Api.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow({
    salt1,
    salt2,
    g: generator,
    p: dhPrime,
  });
  const asked = new Api.account.Password({
    hasPassword: true,
    currentAlgo: algo,
    srp_B: check.serverPublic,
    srpId: long(check.id),
    newAlgo: algo,
    newSecureAlgo: new Api.SecurePasswordKdfAlgoUnknown(),
    secureRandom: Buffer.alloc(0),
  });
  const proof = await computeCheck(asked, password);
  return { clientPublic: Buffer.from(proof.A), proof: Buffer.from(proof.M1) };
};

describe('PasswordCheck', () => {
  let stored: StoredPassword | undefined;
  const newCheck = async () => {
    stored ??= await storePassword('schöner Fremder');
    return new PasswordCheck(stored);
  };

  it('accepts the proof of a client that has the password', async () => {
    const check = await newCheck();
    const { clientPublic, proof } = await proofOf(check, 'schöner Fremder');
    expect(check.accepts(clientPublic, proof)).toBe(true);
  });

  it('refuses another password and another try’s proof', async () => {
    const [check, other] = [await newCheck(), await newCheck()];
    const wrong = await proofOf(check, 'schoener Fremder');
    const right = await proofOf(check, 'schöner Fremder');
    expect(check.accepts(wrong.clientPublic, wrong.proof)).toBe(false);
    expect(other.accepts(right.clientPublic, right.proof)).toBe(false);
  });

  it.each([
    ['zero', Buffer.alloc(256)],
    ['the prime', dhPrime],
  ])('refuses %s as public value, which would make the secret zero whatever the password', async (_, a) => {
    const check = await newCheck();
    const { salt1, salt2 } = check.stored;
    const zero = Buffer.alloc(256);
    const hashOfG = sha256(Buffer.concat([zero.subarray(1), Buffer.from([generator])]));
    const hashes = sha256(dhPrime).map((byte, i) => byte ^ hashOfG[i]!);
    const forged = sha256(hashes, sha256(salt1), sha256(salt2), a, check.serverPublic, sha256(zero));
    expect(check.accepts(a, forged)).toBe(false);
  });
});
