import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seal, unseal } from './message-keys.ts';

const authKey = randomBytes(256);

describe('unseal', () => {
  it.each([32, 33, 47, 48, 1000])('opens a sealed message of %i bytes', (length) => {
    const message = randomBytes(length);
    const opened = unseal(authKey, seal(authKey, message, 'client'), 'client');
    expect(opened?.subarray(0, length)).toEqual(message);
    expect((opened?.length ?? 0) - length).toBeGreaterThanOrEqual(12);
  });

  it('opens nothing of the other direction, of another key, or that was changed', () => {
    const sealed = seal(authKey, randomBytes(64), 'client');
    expect(unseal(authKey, sealed, 'server')).toBeNull();
    expect(unseal(randomBytes(256), sealed, 'client')).toBeNull();
    sealed[40] = (sealed[40] ?? 0) ^ 1;
    expect(unseal(authKey, sealed, 'client')).toBeNull();
  });
});
