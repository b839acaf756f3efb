import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newSessionKey, parseSessionKey, sealSession, sessionKeyId } from './session/sealed-session.ts';
import { endpointFromSettings, sessionFromSettings } from './settings.ts';

const key = newSessionKey();
const session = `1${randomBytes(270).toString('base64')}`;
const sealed = sealSession(session, parseSessionKey(key));

const faultOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

describe('sessionFromSettings', () => {
  it('passes a plain session, and opens a sealed one', () => {
    expect(sessionFromSettings({ TELEGRAM_SESSION: `${session}\n` })).toBe(session);
    expect(sessionFromSettings({ TELEGRAM_SESSION: session, HEAVY_SESSION_KEY: key })).toBe(session);
    expect(sessionFromSettings({ TELEGRAM_SESSION: `${sealed}\n`, HEAVY_SESSION_KEY: `${key}\n` })).toBe(
      session,
    );
  });

  const other = newSessionKey();
  const id = sessionKeyId(parseSessionKey(key));
  it.each([
    ['no key', { TELEGRAM_SESSION: sealed }, 'HEAVY_SESSION_KEY', `sealed with the key ${id}, and no key is`],
    [
      'another key',
      { TELEGRAM_SESSION: sealed, HEAVY_SESSION_KEY: other },
      'HEAVY_SESSION_KEY',
      `sealed with the key ${id}, and ${sessionKeyId(parseSessionKey(other))} is given`,
    ],
    [
      'a damaged session',
      { TELEGRAM_SESSION: sealed.replace(/.{9}$/, 'AAAAAAAAA'), HEAVY_SESSION_KEY: key },
      'TELEGRAM_SESSION',
      'damaged',
    ],
    ['no session at all', { TELEGRAM_SESSION: 'hello' }, 'TELEGRAM_SESSION', 'npm run login makes one'],
  ])('names the variable at fault: %s', (_name, config, name, sentence) => {
    const fault = faultOf(() => sessionFromSettings(config));
    // The shape by which a service ends with exit code 78.
    expect(fault).toMatchObject({
      name: 'ConfigInvalid',
      faults: [{ name, message: expect.stringContaining(sentence) }],
    });
    expect(String(fault)).not.toContain(key);
    expect(String(fault)).not.toContain(config.TELEGRAM_SESSION);
  });
});

describe('endpointFromSettings', () => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
    type: 'pkcs1',
    format: 'pem',
  });

  it('gives the data centre that is named, if one is', () => {
    expect(endpointFromSettings({})).toEqual({});
    const named = { TELEGRAM_ENDPOINT: '::1:4430', TELEGRAM_ENDPOINT_KEY: String(pem) };
    expect(endpointFromSettings(named)).toEqual({
      endpoint: { host: '::1', port: 4430, publicKeyPem: pem },
    });
  });

  it('names the key where that is missing', () => {
    expect(faultOf(() => endpointFromSettings({ TELEGRAM_ENDPOINT: 'localhost:1' }))).toMatchObject({
      name: 'ConfigInvalid',
      faults: [{ name: 'TELEGRAM_ENDPOINT_KEY' }],
    });
  });
});
