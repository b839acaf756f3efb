import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type InstalledYtDlp,
  installedYtDlp,
  noteChecked,
  programOf,
  useYtDlp,
  ytDlpProgram,
} from './yt-dlp-folder.ts';
import { renewYtDlp, rollbackYtDlp, type UpdateOptions } from './yt-dlp-update.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-ytdlp-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const say = () => {};

let made = 0;
const make = (version: string): InstalledYtDlp => {
  made += 1;
  const installed = { version, venv: join(folder, `venv-${made}`), checkedAt: Date.now() };
  mkdirSync(join(installed.venv, 'bin'), { recursive: true });
  writeFileSync(programOf(installed.venv), '#!/bin/sh\n', { mode: 0o755 });
  noteChecked(installed);
  return installed;
};
const inUse = (version: string): InstalledYtDlp => {
  const installed = make(version);
  useYtDlp(folder, installed);
  return installed;
};

const renew = (newest: string, options: Partial<UpdateOptions> = {}) =>
  renewYtDlp({
    ...{ folder, say, python: '/nowhere' },
    install: async () => make(newest),
    check: async () => [],
    ...options,
  });

describe('renewYtDlp', () => {
  it('puts a newer one in use under the same path, and keeps the other', async () => {
    const old = inUse('2026.08.01');
    const checked: string[] = [];
    const check: UpdateOptions['check'] = async ({ current, candidate }) => {
      checked.push(current, candidate);
      return [];
    };
    expect(await renew('2026.09.09', { check })).toEqual({
      ...{ outcome: 'updated', version: '2026.09.09', from: '2026.08.01' },
    });
    const next = installedYtDlp(folder);
    expect(checked).toEqual([programOf(old.venv), programOf(next?.venv ?? '')]);
    expect(existsSync(ytDlpProgram(folder))).toBe(true);
    expect(installedYtDlp(folder, 'previous')).toMatchObject({ version: '2026.08.01', venv: old.venv });
  });

  it('removes the new one where it fails a canary, and leaves the other in use', async () => {
    const old = inUse('2026.08.01');
    const faults = [{ url: 'https://example.com/a', error: 'ERROR: Unsupported URL' }];
    expect(await renew('2026.09.09', { check: async () => faults })).toEqual({
      ...{ outcome: 'refused', version: '2026.08.01', candidate: '2026.09.09', faults },
    });
    expect(installedYtDlp(folder)?.venv).toBe(old.venv);
    expect(existsSync(join(folder, `venv-${made}`))).toBe(false);
  });

  it('removes the new one where the check itself fails', async () => {
    const old = inUse('2026.08.01');
    const check = () => Promise.reject(new Error('interrupted'));
    await expect(renew('2026.09.09', { check })).rejects.toThrow('interrupted');
    expect(installedYtDlp(folder)?.venv).toBe(old.venv);
    expect(existsSync(join(folder, `venv-${made}`))).toBe(false);
  });

  it('checks nothing where it is the same version, or the first', async () => {
    const check = () => Promise.reject(new Error('checked'));
    expect(await renew('2026.08.01', { check })).toEqual({ outcome: 'installed', version: '2026.08.01' });
    expect(await renew('2026.08.01', { check })).toEqual({ outcome: 'unchanged', version: '2026.08.01' });
    expect(existsSync(join(folder, `venv-${made}`))).toBe(false);
  });

  it('installs what somebody has gone back from only where it is asked to', async () => {
    inUse('2026.08.01');
    await renew('2026.09.09');
    await rollbackYtDlp({ folder, say });
    expect(await renew('2026.09.09', { avoidPrevious: true })).toMatchObject({ outcome: 'avoided' });
    expect(await renew('2026.09.09')).toMatchObject({ outcome: 'updated' });
  });

  it('keeps for a day what a download may be running, counted from its last use', async () => {
    const longAgo = new Date(Date.now() - 30 * 86_400_000);
    const first = inUse('2026.07.10');
    utimesSync(first.venv, longAgo, longAgo);
    await renew('2026.08.01');
    await renew('2026.09.09');
    expect(existsSync(first.venv)).toBe(true);
    utimesSync(first.venv, longAgo, longAgo);
    await renew('2026.10.10');
    expect(existsSync(first.venv)).toBe(false);
    expect(existsSync(installedYtDlp(folder, 'previous')?.venv ?? '')).toBe(true);
  });

  it('refuses a canary list that cannot be read, or that is none, before it installs anything', async () => {
    const canaryFile = join(folder, 'canaries.txt');
    const install = () => Promise.reject(new Error('installed'));
    await expect(renew('', { canaryFile, install })).rejects.toThrow('cannot be read (ENOENT)');
    writeFileSync(canaryFile, '# none\n\n');
    await expect(renew('', { canaryFile, install })).rejects.toThrow('There is no URL in');
    writeFileSync(canaryFile, '# one\nhttps://example.com/a\nexample.com\n');
    await expect(renew('', { canaryFile, install })).rejects.toThrow('Line 3 of');
  });
});

describe('rollbackYtDlp', () => {
  it('goes back to the one before, and forward again', async () => {
    inUse('2026.08.01');
    await renew('2026.09.09');
    expect(await rollbackYtDlp({ folder, say })).toEqual({ version: '2026.08.01', from: '2026.09.09' });
    expect(installedYtDlp(folder)?.version).toBe('2026.08.01');
    expect(await rollbackYtDlp({ folder, say })).toEqual({ version: '2026.09.09', from: '2026.08.01' });
  });

  it('does nothing where there is none before', async () => {
    inUse('2026.08.01');
    expect(await rollbackYtDlp({ folder, say })).toBeUndefined();
    expect(installedYtDlp(folder)?.version).toBe('2026.08.01');
  });
});
