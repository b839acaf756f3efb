import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Failed } from './command.ts';
import {
  prepareSessionFolder,
  readSessionFile,
  sessionFile,
  sessionFilesOf,
  writeSecretFile,
  writeSessionFiles,
} from './session-files.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, renameSync: vi.fn(fs.renameSync) };
});
const rename = vi.mocked(renameSync);
const { renameSync: actualRename } = await vi.importActual<typeof import('node:fs')>('node:fs');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'heavy-sessions-'));
});
afterEach(() => {
  rename.mockReset().mockImplementation(actualRename);
  rmSync(home, { recursive: true, force: true });
});

const folder = () => join(home, '.heavy', 'sessions');
const mode = (path: string) => statSync(path).mode & 0o777;

describe('prepareSessionFolder', () => {
  it('makes the folder for this user only, and closes one that was open', () => {
    mkdirSync(folder(), { recursive: true });
    chmodSync(folder(), 0o755);
    prepareSessionFolder(home);
    expect([mode(folder()), readdirSync(folder())]).toEqual([0o700, []]);
  });

  it('says so where none can be made', () => {
    writeSecretFile(join(home, '.heavy'), 'no folder');
    expect(() => prepareSessionFolder(home)).toThrow(Failed);
  });
});

describe('writeSessionFiles', () => {
  it('writes both, for this user only, in place of what was there', () => {
    prepareSessionFolder(home);
    writeSessionFiles(home, { gateway: 'g1', sender: 's1' });
    writeSessionFiles(home, { gateway: 'g2', sender: 's2' });
    expect(readdirSync(folder()).sort()).toEqual(['gateway.session', 'sender.session']);
    expect(sessionFilesOf(home).map(mode)).toEqual([0o600, 0o600]);
    expect([readSessionFile(home, 'gateway'), readSessionFile(home, 'sender')]).toEqual(['g2', 's2']);
  });

  it.each([['g1'], [undefined]])(
    'leaves the first as it was (%s) where the second cannot be put in place',
    (text) => {
      prepareSessionFolder(home);
      if (text) writeSecretFile(sessionFile(home, 'gateway'), text);
      rename.mockImplementation((from, to) => {
        if (String(to).endsWith('sender.session')) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        actualRename(from, to);
      });
      expect(() => writeSessionFiles(home, { gateway: 'g2', sender: 's2' })).toThrow('ENOSPC');
      expect(rename).toHaveBeenCalledWith(expect.anything(), sessionFile(home, 'gateway'));
      expect(readSessionFile(home, 'gateway')).toBe(text);
      expect(readdirSync(folder())).toEqual(text ? ['gateway.session'] : []);
    },
  );
});

describe('readSessionFile', () => {
  it('gives nothing where there is none', () => {
    expect(readSessionFile(home, 'gateway')).toBeUndefined();
  });
});
