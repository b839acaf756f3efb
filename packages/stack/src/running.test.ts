import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announce, findRunning } from './running.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'heavy-running-'));
  file = join(dir, 'run.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const env = { REDIS_URL: 'redis://127.0.0.1:1', MEDIA_STORE: 'file:///media', S3_SECRET_KEY: 's3' };

describe('announce', () => {
  it('tells where media and Redis are, and nothing else, to this user only', () => {
    announce(dir, { ...env, TELEGRAM_SESSION: 'secret', RABBITMQ_URL: 'amqp://a' });
    expect(findRunning(dir)).toEqual({ pid: process.pid, env });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('secret');
  });

  it('takes it back, unless another has been started since', () => {
    const withdraw = announce(dir, env);
    const other = JSON.stringify({ pid: process.ppid, env });
    writeFileSync(file, other);
    withdraw();
    expect(readFileSync(file, 'utf8')).toBe(other);
    announce(dir, env)();
    expect(existsSync(file)).toBe(false);
  });
});

describe('findRunning', () => {
  it('finds nothing where nothing runs, or where what ran was killed', () => {
    expect(findRunning(dir)).toBeUndefined();
    expect(findRunning(join(dir, 'nowhere'))).toBeUndefined();
    // Above the largest process id that Linux and macOS give out.
    writeFileSync(file, JSON.stringify({ pid: 2 ** 22 + 1, env }));
    expect(findRunning(dir)).toBeUndefined();
  });
});
