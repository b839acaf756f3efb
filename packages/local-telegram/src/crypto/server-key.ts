import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { tlBytes } from '../tl.ts';
import { sha1 } from './hash.ts';

/** The RSA key that a client checks the data centre by; 2048 bits. */
export interface ServerKey {
  /** PKCS#8 PEM, to start another data centre with the same key. */
  readonly privateKeyPem: string;
  /** PKCS#1 PEM, as Telegram publishes its own. */
  readonly publicKeyPem: string;
  /** The lower 64 bits of SHA-1 over modulus and exponent as TL strings; signed. */
  readonly fingerprint: bigint;
  /** Raw RSA, without padding: RSA_PAD of the handshake brings its own. */
  decrypt(cipher: Buffer): Buffer;
}

/** The server's key from a PEM, or a new one. */
export const serverKey = (privateKeyPem?: string): ServerKey => {
  const privateKey: KeyObject = privateKeyPem
    ? createPrivateKey(privateKeyPem)
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const publicKey = createPublicKey(privateKey);
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const number = (field: string) => tlBytes(Buffer.from(field, 'base64url'));
  return {
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKeyPem: publicKey.export({ format: 'pem', type: 'pkcs1' }).toString(),
    fingerprint: sha1(number(n), number(e)).readBigInt64LE(12),
    decrypt: (cipher) => privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, cipher),
  };
};
