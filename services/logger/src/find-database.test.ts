import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { findDatabase } from './find-database.ts';

describe('findDatabase', () => {
  const dir = mkdtempSync(join(tmpdir(), 'heavy-find-'));
  const [demo, data] = [join(dir, 'demo.db'), join(dir, 'data.db')] as const;
  const touch = (path: string, seconds: number): void => {
    writeFileSync(path, '');
    utimesSync(path, seconds, seconds);
  };
  afterEach(() => void vi.unstubAllEnvs());
  afterAll(() => rmSync(dir, { recursive: true }));

  it('finds nothing where there is nothing', () => {
    expect(findDatabase(undefined, [demo])).toBeUndefined();
  });

  it('takes the newest, by its write-ahead log too', () => {
    touch(demo, 1000);
    touch(data, 2000);
    expect(findDatabase(undefined, [demo, data])).toBe(data);
    touch(`${demo}-wal`, 3000);
    expect(findDatabase(undefined, [demo, data])).toBe(demo);
  });

  it('prefers LOGS_DB to the usual ones, and what is given to both', () => {
    vi.stubEnv('LOGS_DB', data);
    expect(findDatabase(undefined, [demo])).toBe(data);
    expect(findDatabase(demo, [])).toBe(demo);
    expect(findDatabase(join(dir, 'missing.db'), [demo])).toBeUndefined();
  });
});
