import { createHash, createPublicKey } from 'node:crypto';
import bigInt from 'big-integer';
import { _serverKeys } from 'telegram/crypto/RSA.js';

/** A byte string as TL writes it (https://core.telegram.org/mtproto/serialize#base-types). */
const tlBytes = (bytes: Buffer): Buffer => {
  const head =
    bytes.length < 254
      ? Buffer.from([bytes.length])
      : Buffer.from([254, bytes.length & 255, (bytes.length >> 8) & 255, (bytes.length >> 16) & 255]);
  const padding = Buffer.alloc((4 - ((head.length + bytes.length) % 4)) % 4);
  return Buffer.concat([head, bytes, padding]);
};

/** The lower 64 bits of the key's SHA-1, signed: how the handshake names a server's key (core.telegram.org/mtproto/auth_key). */
export const fingerprintOf = (publicKeyPem: string): bigint => {
  const { n, e } = rsaOf(publicKeyPem);
  return createHash('sha1')
    .update(Buffer.concat([tlBytes(n), tlBytes(e)]))
    .digest()
    .readBigInt64LE(12);
};

const rsaOf = (publicKeyPem: string): { n: Buffer; e: Buffer } => {
  const { n, e } = createPublicKey(publicKeyPem).export({ format: 'jwk' });
  if (n === undefined || e === undefined)
    throw new TypeError('the data centre’s public key is not an RSA key');
  return { n: Buffer.from(n, 'base64url'), e: Buffer.from(e, 'base64url') };
};

/** Lets a handshake with a data centre that is not Telegram's succeed. */
export const trustServerKey = (publicKeyPem: string): void => {
  const { n, e } = rsaOf(publicKeyPem);
  _serverKeys.set(String(fingerprintOf(publicKeyPem)), {
    n: bigInt(n.toString('hex'), 16),
    e: e.readUIntBE(0, e.length),
  });
};
