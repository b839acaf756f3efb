import { createDiffieHellman, type DiffieHellman, randomBytes } from 'node:crypto';
import { Api, bigFromBytes, bytesOfBig, long, readTl, type TlObject } from '../tl.ts';
import { sha1, sha256 } from './hash.ts';
import { igeDecrypt } from './ige-decrypt.ts';
import { igeEncrypt } from './ige-encrypt.ts';
import type { ServerKey } from './server-key.ts';

/** The safe prime that Telegram's servers use; clients know it and skip the proof. */
export const dhPrime = Buffer.from(
  'c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db' +
    'fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64' +
    '2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41' +
    '0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4' +
    'e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf' +
    '6f4fadf034b10403119cd8e3b92fcc5b',
  'hex',
);
export const generator = 3;

/** The product of two primes that the client proves its work with: 0x494c553b × 0x53911073, from Telegram's documentation. */
const pq = Buffer.from('17ed48941a08f981', 'hex');

/** The client broke the protocol of the handshake. */
class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

/** What the handshake ends in. */
interface NewAuthKey {
  readonly key: Buffer;
  readonly salt: bigint;
}

/** The server's answer to one step, and the key after the last. */
export interface Step {
  readonly answer: TlObject;
  readonly authKey?: NewAuthKey;
}

/** The server's side of https://core.telegram.org/mtproto/auth_key, for one connection. */
export class Handshake {
  #serverKey: ServerKey;
  #nonce: Buffer = Buffer.alloc(16);
  #serverNonce = randomBytes(16);
  #newNonce: Buffer = Buffer.alloc(32);
  #dh: DiffieHellman | undefined;

  constructor(serverKey: ServerKey) {
    this.#serverKey = serverKey;
  }

  /** @throws {HandshakeError} */
  step(request: TlObject): Step {
    if (request instanceof Api.ReqPqMulti || request instanceof Api.ReqPq) return this.#begin(request);
    if (request instanceof Api.ReqDHParams) return this.#offer(request);
    if (request instanceof Api.SetClientDHParams) return this.#finish(request);
    throw new HandshakeError(`${request.className} is no step of the handshake`);
  }

  get #nonces() {
    return { nonce: bigFromBytes(this.#nonce), serverNonce: bigFromBytes(this.#serverNonce) };
  }

  #begin({ nonce }: Api.ReqPqMulti | Api.ReqPq): Step {
    this.#nonce = bytesOfBig(nonce, 16);
    return {
      answer: new Api.ResPQ({
        ...this.#nonces,
        pq,
        serverPublicKeyFingerprints: [long(this.#serverKey.fingerprint)],
      }),
    };
  }

  #offer(request: Api.ReqDHParams): Step {
    const inner = readTl(this.#unpad(Buffer.from(request.encryptedData)));
    if (!(inner instanceof Api.PQInnerData || inner instanceof Api.PQInnerDataDc))
      throw new HandshakeError(`${inner.className}: temporary keys are not offered here`);
    this.#newNonce = bytesOfBig(inner.newNonce, 32);
    this.#dh = createDiffieHellman(dhPrime, generator);
    const offer = new Api.ServerDHInnerData({
      ...this.#nonces,
      g: generator,
      dhPrime,
      gA: this.#dh.generateKeys(),
      serverTime: Math.floor(Date.now() / 1000),
    }).getBytes();
    const answer = Buffer.concat([sha1(offer), offer]);
    const padding = randomBytes((16 - (answer.length % 16)) % 16);
    const { key, iv } = this.#temporaryKey();
    return {
      answer: new Api.ServerDHParamsOk({
        ...this.#nonces,
        encryptedAnswer: igeEncrypt(key, iv, Buffer.concat([answer, padding])),
      }),
    };
  }

  /** The reverse of RSA_PAD: the 192 bytes of data with padding. */
  #unpad(encrypted: Buffer): Buffer {
    const plain = this.#serverKey.decrypt(encrypted);
    const sealed = plain.subarray(32);
    const hash = sha256(sealed);
    const key = Buffer.from(plain.subarray(0, 32).map((byte, i) => byte ^ (hash[i] ?? 0)));
    const dataWithHash = igeDecrypt(key, Buffer.alloc(32), sealed);
    const data = Buffer.from(dataWithHash.subarray(0, 192)).reverse();
    if (!sha256(key, data).equals(dataWithHash.subarray(192)))
      throw new HandshakeError('the inner data were encrypted for another key');
    return data;
  }

  #temporaryKey(): { key: Buffer; iv: Buffer } {
    const a = sha1(this.#newNonce, this.#serverNonce);
    const b = sha1(this.#serverNonce, this.#newNonce);
    const c = sha1(this.#newNonce, this.#newNonce);
    return {
      key: Buffer.concat([a, b.subarray(0, 12)]),
      iv: Buffer.concat([b.subarray(12), c, this.#newNonce.subarray(0, 4)]),
    };
  }

  #finish(request: Api.SetClientDHParams): Step {
    if (!this.#dh) throw new HandshakeError('the handshake did not begin on this connection');
    const { key, iv } = this.#temporaryKey();
    const inner = readTl(igeDecrypt(key, iv, Buffer.from(request.encryptedData)).subarray(20));
    if (!(inner instanceof Api.ClientDHInnerData))
      throw new HandshakeError(`${inner.className} in place of the client's DH data`);
    const secret = this.#dh.computeSecret(Buffer.from(inner.gB));
    const authKey = Buffer.concat([Buffer.alloc(256 - secret.length), secret]);
    const salt = Buffer.from(
      this.#newNonce.subarray(0, 8).map((byte, i) => byte ^ (this.#serverNonce[i] ?? 0)),
    );
    const newNonceHash1 = sha1(this.#newNonce, Buffer.from([1]), sha1(authKey).subarray(0, 8)).subarray(
      4,
      20,
    );
    return {
      answer: new Api.DhGenOk({ ...this.#nonces, newNonceHash1: bigFromBytes(newNonceHash1) }),
      authKey: { key: authKey, salt: salt.readBigInt64LE() },
    };
  }
}
