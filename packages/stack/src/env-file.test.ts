import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStartSettings, SettingsMissing } from './env-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-env-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const complete = `TELEGRAM_API_ID=1
TELEGRAM_API_HASH=hash
GATEWAY_TELEGRAM_SESSION="one"
SENDER_TELEGRAM_SESSION=two # the other
`;

describe('readStartSettings', () => {
  it('names all that is missing at once, and what it is for', () => {
    writeFileSync(join(folder, '.env'), 'TELEGRAM_API_ID=1\nTELEGRAM_API_HASH=\n');
    const read = () => readStartSettings(folder, {});
    expect(read).toThrow(SettingsMissing);
    expect(read).toThrow(
      /TELEGRAM_API_HASH: .+\n +GATEWAY_TELEGRAM_SESSION: .+\n +SENDER_TELEGRAM_SESSION: /,
    );
    expect(read).not.toThrow(/TELEGRAM_API_ID/);
  });

  it('reads the file, and lets the environment win', () => {
    writeFileSync(join(folder, '.env'), complete);
    expect(readStartSettings(folder, { TELEGRAM_API_ID: '2', OPEN_TO: 'everyone' })).toMatchObject({
      apiId: '2',
      apiHash: 'hash',
      gatewaySession: 'one',
      senderSession: 'two',
      all: { OPEN_TO: 'everyone' },
    });
  });

  it('reads a secret from the file that <NAME>_FILE names, seen from the folder', () => {
    writeFileSync(
      join(folder, '.env'),
      complete.replace('TELEGRAM_API_HASH=hash', 'TELEGRAM_API_HASH_FILE=secret'),
    );
    writeFileSync(join(folder, 'secret'), 'from a file\n');
    expect(readStartSettings(folder, {}).apiHash).toBe('from a file');
  });

  it('names the file that cannot be read', () => {
    writeFileSync(join(folder, '.env'), `${complete}HEAVY_SESSION_KEY_FILE=keys/none\n`);
    const read = () => readStartSettings(folder, {});
    expect(read).toThrow(SettingsMissing);
    expect(read).toThrow(`HEAVY_SESSION_KEY_FILE cannot be read: ${join(folder, 'keys/none')} (ENOENT)`);
  });

  it('makes paths absolute, since services run elsewhere', () => {
    writeFileSync(join(folder, '.env'), `${complete}YTDLP_COOKIES_FILE=cookies.txt\n`);
    expect(readStartSettings(folder, { S3_SECRET_KEY_FILE: '/run/secrets/s3' }).all).toMatchObject({
      YTDLP_COOKIES_FILE: join(folder, 'cookies.txt'),
      S3_SECRET_KEY_FILE: '/run/secrets/s3',
    });
  });

  describe('of the sessions', () => {
    const without = 'TELEGRAM_API_ID=1\nTELEGRAM_API_HASH=hash\n';
    const logIn = () => {
      mkdirSync(join(folder, '.heavy/sessions'), { recursive: true });
      for (const service of ['gateway', 'sender'])
        writeFileSync(join(folder, `.heavy/sessions/${service}.session`), `${service} made\n`);
    };

    it('takes those that npm run login made', () => {
      writeFileSync(join(folder, '.env'), without);
      logIn();
      expect(readStartSettings(folder, {})).toMatchObject({
        gatewaySession: 'gateway made',
        senderSession: 'sender made',
      });
    });

    it('prefers those that are named', () => {
      writeFileSync(join(folder, '.env'), `${without}GATEWAY_TELEGRAM_SESSION=named\n`);
      writeFileSync(join(folder, 'elsewhere'), 'of a file\n');
      logIn();
      expect(readStartSettings(folder, { SENDER_TELEGRAM_SESSION_FILE: 'elsewhere' })).toMatchObject({
        gatewaySession: 'named',
        senderSession: 'of a file',
      });
    });

    it('says what makes them where there are none', () => {
      writeFileSync(join(folder, '.env'), without);
      expect(() => readStartSettings(folder, {})).toThrow(
        /GATEWAY_TELEGRAM_SESSION: .*npm run login makes it/,
      );
    });
  });
});
