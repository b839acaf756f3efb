import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { dhPrime, generator } from './handshake.ts';
import { sha256 } from './hash.ts';

const numberBytes = 256;
const iterations = 100_000;

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`);
/** Big-endian, as wide as the prime: so all numbers are hashed. */
const toBytes = (value: bigint): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * numberBytes, '0'), 'hex');

const powerOf = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let power = 1n;
  let factor = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) power = (power * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return power;
};

const p = toNumber(dhPrime);
const g = BigInt(generator);
const k = toNumber(sha256(dhPrime, toBytes(g)));
const hashOfPAndG = Buffer.from(sha256(dhPrime).map((byte, i) => byte ^ (sha256(toBytes(g))[i] ?? 0)));

/** What a server keeps of a password: the salts and `g^x`, from which it cannot be told. */
export interface StoredPassword {
  readonly salt1: Buffer;
  readonly salt2: Buffer;
  readonly verifier: bigint;
}

/** Salts of a password that is about to be set. */
export const newSalts = (): Pick<StoredPassword, 'salt1' | 'salt2'> => ({
  salt1: randomBytes(40),
  salt2: randomBytes(16),
});

/** Hashes a password as https://core.telegram.org/api/srp#using-the-2fa-password has it. */
export const storePassword = async (password: string): Promise<StoredPassword> => {
  const { salt1, salt2 } = newSalts();
  const once = sha256(salt2, sha256(salt1, Buffer.from(password), salt1), salt2);
  const slow = await promisify(pbkdf2)(once, salt1, iterations, 64, 'sha512');
  const x = toNumber(sha256(salt2, slow, salt2));
  return { salt1, salt2, verifier: powerOf(g, x, p) };
};

/** The server's side of SRP-6a (https://core.telegram.org/api/srp), for one try. */
export class PasswordCheck {
  readonly id = randomBytes(8).readBigInt64LE();
  readonly stored: StoredPassword;
  /** `g_b`, 256 bytes. */
  readonly serverPublic: Buffer;
  #b = toNumber(randomBytes(numberBytes));

  constructor(stored: StoredPassword) {
    this.stored = stored;
    this.serverPublic = toBytes((k * stored.verifier + powerOf(g, this.#b, p)) % p);
  }

  /** Whether the client's proof (`A`, `M1`) shows that it has the password. */
  accepts(clientPublic: Buffer, proof: Buffer): boolean {
    const a = toNumber(clientPublic);
    // With A = 0 the shared secret would be 0, whatever the password.
    if (a <= 1n || a >= p - 1n) return false;
    const { salt1, salt2, verifier } = this.stored;
    const u = toNumber(sha256(toBytes(a), this.serverPublic));
    const shared = powerOf(a * powerOf(verifier, u, p), this.#b, p);
    const expected = sha256(
      hashOfPAndG,
      sha256(salt1),
      sha256(salt2),
      toBytes(a),
      this.serverPublic,
      sha256(toBytes(shared)),
    );
    return proof.length === expected.length && timingSafeEqual(proof, expected);
  }
}
