import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { createMessageInterest } from './message-interest.ts';

describe('createMessageInterest', () => {
  it('says what was registered last, again with each beat, and nothing before', async () => {
    const hset = vi.fn(async () => 1);
    const { register, repeat } = createMessageInterest({ hset } as unknown as Redis, 'janitor');
    await repeat();
    expect(hset).not.toHaveBeenCalled();
    await register('all');
    await register('own');
    await repeat();
    expect(hset.mock.calls).toEqual(
      ['all', 'own', 'own'].map((interest) => [redisKeys.messageInterests, 'janitor', interest]),
    );
  });
});
