import { redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInterests } from './interests.ts';

const others = { outgoing: false };
const own = { outgoing: true };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const world = (...registered: string[]) => {
  const hvals = vi.fn(async (key: string) => (key === redisKeys.messageInterests ? registered : []));
  return { hvals, isWanted: createInterests({ hvals } as unknown as Redis) };
};

describe('createInterests', () => {
  it.each([
    [[], false, false],
    [['own'], false, true],
    [['own', 'all'], true, true],
    [['everything'], false, false],
  ])('%j registered: of others %s, own %s', async (registered, wantsOthers, wantsOwn) => {
    const { isWanted } = world(...registered);
    expect(await isWanted(others)).toBe(wantsOthers);
    expect(await isWanted(own)).toBe(wantsOwn);
  });

  it('asks Redis once a second, for all messages together', async () => {
    const { isWanted, hvals } = world('all');
    await Promise.all([isWanted(others), isWanted(own), isWanted(others)]);
    vi.advanceTimersByTime(999);
    await isWanted(others);
    expect(hvals).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1);
    await isWanted(others);
    expect(hvals).toHaveBeenCalledTimes(2);
  });

  it('asks again after a failure, which it tells', async () => {
    const { isWanted, hvals } = world('all');
    hvals.mockRejectedValueOnce(new Error('away'));
    await expect(isWanted(others)).rejects.toThrow('away');
    expect(await isWanted(others)).toBe(true);
  });
});
