import { describe, expect, it, vi } from 'vitest';
import type { AccountState } from './account.ts';
import { AuthLost } from './errors.ts';
import { refusalRemedy, sessionRefused } from './session-refusal.ts';

describe('refusalRemedy', () => {
  it.each([
    ['AUTH_KEY_UNREGISTERED', /npm run login/],
    ['AUTH_KEY_DUPLICATED', /two places at once.*npm run login/],
    ['SESSION_REVOKED', /another device.*npm run login/],
    ['SESSION_EXPIRED', /expired.*npm run login/],
    ['USER_DEACTIVATED', /deleted.*another one/],
    ['USER_DEACTIVATED_BAN', /banned.*recover@telegram\.org/],
  ])('tells what to do about %s, and names it', (code, words) => {
    const sentence = refusalRemedy(new AuthLost(code, 'connect'));
    expect(sentence).toContain(`Telegram refuses the session (${code}).`);
    expect(sentence).toMatch(words);
  });
});

describe('sessionRefused', () => {
  const createAccount = (state: AccountState) => {
    const listeners = new Set<(state: AccountState) => void>();
    const refusal = new AuthLost('SESSION_REVOKED', 'connect');
    const account = {
      state,
      onState: (listener: (state: AccountState) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      connect: vi.fn(() => Promise.reject(refusal)),
    };
    return { account, listeners, refusal };
  };

  it('gives the refusal once the session is lost', async () => {
    const { account, listeners, refusal } = createAccount('connected');
    const refused = sessionRefused(account, new AbortController().signal);
    for (const listener of listeners) listener('connecting');
    await Promise.resolve();
    expect(account.connect).not.toHaveBeenCalled();
    for (const listener of listeners) listener('auth_lost');
    expect(await refused).toBe(refusal);
    expect(listeners.size).toBe(0);
  });

  it('gives it of a session that is lost already', async () => {
    const { account, refusal } = createAccount('auth_lost');
    expect(await sessionRefused(account, new AbortController().signal)).toBe(refusal);
  });

  it('listens no more once its signal aborts', () => {
    const { account, listeners } = createAccount('connected');
    const ending = new AbortController();
    void sessionRefused(account, ending.signal);
    ending.abort();
    expect(listeners.size).toBe(0);
  });
});
