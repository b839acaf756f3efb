import { describe, expect, it } from 'vitest';
import { operatorSettings } from './operator-settings.ts';
import { serviceNames } from './services.ts';

const all = {
  SMALL_MAX_BYTES: '5',
  DOWNLOAD_PROXY_URL_FILE: '/run/secrets/proxy',
  STATUS_INTERVAL_MS: '4000',
  LOG_RETENTION_DAYS: '3',
  TELEGRAM_SESSION: 'secret',
  TELEGRAM_API_HASH_FILE: '/run/secrets/hash',
  KEEP_DAYS: '',
  HOME: '/home/somebody',
};

describe('operatorSettings', () => {
  it.each([
    ['media-pirate', { SMALL_MAX_BYTES: '5', DOWNLOAD_PROXY_URL_FILE: '/run/secrets/proxy' }],
    ['sender', { STATUS_INTERVAL_MS: '4000' }],
    ['logger', { LOG_RETENTION_DAYS: '3' }],
    ['gateway', {}],
  ])('gives %s what it knows, and nothing else', async (service, settings) =>
    expect(await operatorSettings(service, all)).toEqual(settings),
  );

  it('finds the settings of every service', async () => {
    for (const service of serviceNames()) {
      const anything = new Proxy({}, { get: () => 'x' });
      expect(Object.keys(await operatorSettings(service, anything)), service).not.toEqual([]);
    }
  });
});
