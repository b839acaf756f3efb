import { createHmac, randomBytes } from 'node:crypto';

/**
 * Access hashes and file references: what an account must show to address a user, a channel or a file. They are a function of
 * account and target, so that one account's are of no use to another.
 */
export class AccessHashes {
  #secret = randomBytes(32);

  of(accountId: number, target: string): bigint {
    return this.#digest(`${accountId} ${target}`).readBigInt64LE();
  }

  fileReference(accountId: number, mediaId: bigint, epoch: number): Buffer {
    return this.#digest(`${accountId} file ${mediaId} ${epoch}`).subarray(0, 16);
  }

  #digest(subject: string): Buffer {
    return createHmac('sha256', this.#secret).update(subject).digest();
  }
}
