import { RetryableError } from '@heavy/messaging';
import { CallTimedOut, FloodWait, NotConnected } from '@heavy/telegram';
import { describe, expect, it, vi } from 'vitest';
import { meantUser, type Names } from './meant-user.ts';

const createNames = () => {
  const resolveUsername = vi.fn<Names['resolveUsername']>(async (username) =>
    username === 'bobby' ? { id: 42, type: 'private', name: 'Bob' } : null,
  );
  return { resolveUsername };
};

describe('meantUser', () => {
  it('asks Telegram who has a username', async () => {
    expect(await meantUser({ username: 'bobby' }, createNames())).toEqual({
      id: 42,
      who: '@bobby',
      handle: '@bobby',
      name: '@bobby',
    });
  });

  it.each(['supergroup', 'channel', 'group'] as const)(
    'knows no user where a %s has the name',
    async (type) => {
      const names = createNames();
      names.resolveUsername.mockResolvedValue({ id: -1_001, type });
      expect(await meantUser({ username: 'bobby' }, names)).toBeNull();
    },
  );

  it('knows no user where nobody has the name', async () =>
    expect(await meantUser({ username: 'nobody' }, createNames())).toBeNull());

  it.each(['bob-by', 'böbby', 'bobby.', 'b'.repeat(33)])(
    'does not ask for %j, which can be no username',
    async (username) => {
      const names = createNames();
      expect(await meantUser({ username }, names)).toBeNull();
      expect(names.resolveUsername).not.toHaveBeenCalled();
    },
  );

  it.each([
    [{ id: 42 }, { id: 42, who: 'User 42', handle: '42' }],
    [
      { id: -1_001, name: 'Bob' },
      { id: -1_001, who: '“Bob”', handle: '-1001', name: 'Bob' },
    ],
    [{ author: 42 }, { id: 42, who: 'Whoever wrote that (42)', handle: '42' }],
    [
      { author: 42, name: 'Bob' },
      { id: 42, who: '“Bob” (42)', handle: '42', name: 'Bob' },
    ],
    [{ author: -1_001 }, { id: -1_001, who: 'Whoever posts as -1001', handle: '-1001' }],
  ])('takes %j as it is', async (named, user) => expect(await meantUser(named, createNames())).toEqual(user));

  it.each([
    [new FloodWait(20, 'x'), 20_000],
    [new NotConnected('x'), undefined],
    [new CallTimedOut('x'), undefined],
  ])('is to be tried again after %s', async (cause, retryAfterMs) => {
    const names = createNames();
    names.resolveUsername.mockRejectedValue(cause);
    const error = await meantUser({ username: 'bobby' }, names).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ cause, retryAfterMs });
  });

  it('hides no fault of ours', async () => {
    const names = createNames();
    names.resolveUsername.mockRejectedValue(new TypeError('x'));
    await expect(meantUser({ username: 'bobby' }, names)).rejects.toThrow(TypeError);
  });
});
