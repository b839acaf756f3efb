import { createHash } from 'node:crypto';

const digest = (algorithm: string, parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The 20 bytes of SHA-1 over all parts in order. */
export const sha1 = (...parts: Uint8Array[]): Buffer => digest('sha1', parts);

/** The 32 bytes of SHA-256 over all parts in order. */
export const sha256 = (...parts: Uint8Array[]): Buffer => digest('sha256', parts);
