import { createHash } from 'node:crypto';

/** A message's `randomId` as a function of the command that asked for it: signed, 64 bits, never 0. */
export const randomIdFrom = (key: string): bigint =>
  createHash('sha256').update(key).digest().readBigInt64BE() || 1n;
