import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce } from '@heavy/stack';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemSettings } from './config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const running = (name: string, redisUrl: string) =>
  announce(join(folder, '.heavy', name), { REDIS_URL: redisUrl, MEDIA_STORE: 'file:///media' });

describe('systemSettings', () => {
  it('takes what the environment names, secrets from files too', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'from-a-file\n');
    const env = {
      REDIS_URL: 'redis://127.0.0.1:1',
      MEDIA_STORE: 's3://media',
      S3_ENDPOINT: 'http://127.0.0.1:2',
      S3_ACCESS_KEY: 'key',
      S3_SECRET_KEY_FILE: file,
    };
    expect(systemSettings(undefined, env)).toMatchObject({ S3_SECRET_KEY: 'from-a-file' });
  });

  it('takes no half of a system from the environment', () => {
    expect(() => systemSettings(undefined, { MEDIA_STORE: 'file:///media' })).toThrow(
      /^REDIS_URL: is not set/,
    );
    expect(() => systemSettings(undefined, { REDIS_URL: 'redis://127.0.0.1:1' })).toThrow(
      /^MEDIA_STORE: is not set/,
    );
  });

  it('finds the system that runs in a folder, npm start before the demo', () => {
    const stop = running('data', 'redis://127.0.0.1:1');
    running('demo', 'redis://127.0.0.1:2');
    expect(systemSettings(folder, {}).REDIS_URL).toBe('redis://127.0.0.1:1');
    stop();
    expect(systemSettings(folder, { REDIS_URL: 'redis://elsewhere:1' })).toEqual({
      REDIS_URL: 'redis://127.0.0.1:2',
      MEDIA_STORE: 'file:///media',
    });
  });

  it('says where it looked for one that runs', () => {
    mkdirSync(join(folder, '.heavy', 'data'), { recursive: true });
    expect(() => systemSettings(folder, {})).toThrow(`Nothing runs in ${folder} (npm start or npm run demo)`);
  });
});
