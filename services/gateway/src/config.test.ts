import { ConfigInvalid, loadConfig } from '@heavy/service';
import { describe, expect, it } from 'vitest';
import { accessDetail, gatewayConfig } from './config.ts';

const required = { TELEGRAM_API_ID: '1', TELEGRAM_API_HASH: 'hash', TELEGRAM_SESSION: 'session' };
const load = (env: Record<string, string> = {}) => loadConfig(gatewayConfig, { ...required, ...env });

describe('gatewayConfig', () => {
  it('opens to nobody, and has durations in seconds', () => {
    expect(load()).toMatchObject({
      ...{ OPEN_TO: 'nobody', COMMAND_MAX_AGE: 3600 },
      ...{ RATE_LIMIT_WINDOW: 60, RATE_LIMIT_BLESSED: 20, RATE_LIMIT_UNMOLESTED: 10 },
    });
    expect(load({ COMMAND_MAX_AGE: '1h30m' }).COMMAND_MAX_AGE).toBe(5400);
  });

  it('names each fault with an example of what is right', () => {
    const faulty = () => load({ COMMAND_MAX_AGE: 'a while', RATE_LIMIT_WINDOW: '0s', OPEN_TO: 'admins' });
    expect(faulty).toThrow(ConfigInvalid);
    for (const words of [
      'COMMAND_MAX_AGE: must be a duration, such as 90s, 15m or 1h30m, and is "a while"',
      'RATE_LIMIT_WINDOW: must be a duration, such as 90s, 15m or 1h30m, and is "0s"',
      /OPEN_TO: .*\(nobody, private, everyone\), and is "admins"/,
    ])
      expect(faulty).toThrow(words);
  });
});

describe('accessDetail', () => {
  it.each([
    ['', 'no ADMIN_IDS: only the account itself is an admin, open to nobody'],
    ['7', '1 admin, open to nobody'],
    ['7,8', '2 admins, open to nobody'],
  ])('ADMIN_IDS=%s: %s', (ids, detail) => expect(accessDetail(load({ ADMIN_IDS: ids }))).toBe(detail));
});
