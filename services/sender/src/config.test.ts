import { loadConfig } from '@heavy/service';
import { describe, expect, it } from 'vitest';
import { hasAccount, senderConfig } from './config.ts';

const account = {
  TELEGRAM_API_ID: '1',
  TELEGRAM_API_HASH: 'hash',
  MEDIA_STORE: 'file:///media',
  TELEGRAM_SESSION: 'x',
};
const read = (env: Record<string, string>) => hasAccount(loadConfig(senderConfig, env));

describe('hasAccount', () => {
  it('holds where a session is given, with bots or without', () => {
    expect(read(account)).toBe(true);
    expect(read({ ...account, BOTS: 'on' })).toBe(true);
  });

  it('does not hold for bots alone', () => {
    expect(read({ BOTS: 'on' })).toBe(false);
  });

  it('refuses to start for nothing', () => {
    const names = ['TELEGRAM_SESSION', 'TELEGRAM_API_ID', 'TELEGRAM_API_HASH', 'MEDIA_STORE'];
    expect(() => read({})).toThrow(names.map((name) => `${name}: is not set, and BOTS is off`).join('\n'));
  });

  it('refuses a key of the HTTP API for bots where bots are off', () => {
    const BOTS_API_KEY = 'k'.repeat(32);
    expect(() => read({ ...account, BOTS_API_KEY })).toThrow(
      'BOTS: is off, and BOTS_API_KEY is set: set BOTS=on, or leave BOTS_API_KEY out',
    );
    expect(read({ ...account, BOTS_API_KEY, BOTS: 'on' })).toBe(true);
  });

  it('names what an account lacks', () => {
    expect(() => read({ TELEGRAM_SESSION: 'x', TELEGRAM_API_ID: '1', BOTS: 'on' })).toThrow(
      'TELEGRAM_API_HASH: is not set, and TELEGRAM_SESSION is\nMEDIA_STORE: is not set, and TELEGRAM_SESSION is',
    );
  });
});
