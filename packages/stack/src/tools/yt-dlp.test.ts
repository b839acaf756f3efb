import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StepFailed } from './run-step.ts';
import { ensureYtDlp } from './yt-dlp.ts';
import { installedYtDlp, noteChecked, useYtDlp } from './yt-dlp-folder.ts';
import { rollbackYtDlp } from './yt-dlp-update.ts';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-ytdlp-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const dayMs = 86_400_000;
const now = Date.now();
const say = (line: string) => void said.push(line);
const check = async () => [];

const program = (path: string, script: string): string => {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
};

const installed = (version: string, checkedAt: number): string => {
  const venv = join(folder, `venv-${version}`);
  mkdirSync(join(venv, 'bin'), { recursive: true });
  const path = program(join(venv, 'bin', 'yt-dlp'), `echo ${version}`);
  noteChecked({ version, venv, checkedAt }, checkedAt);
  useYtDlp(folder, { version, venv, checkedAt });
  return path;
};

/** A Python that makes a virtual environment whose pip installs that version, or fails. */
const python = (version: string | null): string => {
  const pip =
    version === null
      ? 'exit 1'
      : `printf '#!/bin/sh\\necho ${version}\\n' > "$(dirname "$0")/yt-dlp"; chmod 755 "$(dirname "$0")/yt-dlp"`;
  return program(
    join(folder, 'python3'),
    `mkdir -p "$3/bin"; cat > "$3/bin/python" <<'END'\n#!/bin/sh\n${pip}\nEND\nchmod 755 "$3/bin/python"`,
  );
};

const venvs = (): string[] => readdirSync(folder).filter((name) => name.startsWith('venv-'));

describe('installedYtDlp', () => {
  it('does not count one that is too old, or that is gone', () => {
    installed('2026.07.03', now);
    expect(installedYtDlp(folder)).toBeUndefined();
    const path = installed('2026.07.04', now);
    expect(installedYtDlp(folder)?.version).toBe('2026.07.04');
    rmSync(path);
    expect(installedYtDlp(folder)).toBeUndefined();
  });

  it('does not count an installation that was broken off', () => {
    mkdirSync(join(folder, 'venv-half', 'bin'), { recursive: true });
    program(join(folder, 'venv-half', 'bin', 'yt-dlp'), 'echo 2026.12.01');
    expect(installedYtDlp(folder)).toBeUndefined();
  });
});

describe('ensureYtDlp', () => {
  it('takes what is at most a week old without a word', async () => {
    installed('2026.08.01', now - 6 * dayMs);
    expect(await ensureYtDlp({ say, python: '/nowhere', folder, now })).toBe(
      join(folder, 'current', 'bin', 'yt-dlp'),
    );
    expect(said).toEqual([]);
  });

  it('installs and records one where there is none', async () => {
    const path = await ensureYtDlp({ say, python: python('2026.09.09'), folder, now });
    expect(path).toBe(join(folder, 'current', 'bin', 'yt-dlp'));
    expect(installedYtDlp(folder)).toMatchObject({ version: '2026.09.09' });
    expect(readlinkSync(join(folder, 'current'))).toMatch(/^venv-[0-9a-f]{8}$/);
    expect(said).toEqual(['Installing yt-dlp from PyPI…']);
  });

  it('installs a newer one after a week, under the same path', async () => {
    installed('2026.08.01', now - 8 * dayMs);
    const before = await ensureYtDlp({ say, python: '/nowhere', folder, now: now - 8 * dayMs });
    const options = { say, python: python('2026.09.09'), folder, now, check };
    expect(await ensureYtDlp(options)).toBe(before);
    expect(installedYtDlp(folder)?.version).toBe('2026.09.09');
  });

  it('goes on with the old one where the new one reads less, and does not try again at once', async () => {
    installed('2026.08.01', now - 8 * dayMs);
    const refuse = async () => [{ url: 'https://example.com/a', error: 'ERROR: no' }];
    await ensureYtDlp({ say, python: python('2026.09.09'), folder, now, check: refuse });
    expect(said.at(-1)).toBe(
      'Going on with yt-dlp 2026.08.01: 2026.09.09 cannot read https://example.com/a: ERROR: no',
    );
    expect(installedYtDlp(folder)?.version).toBe('2026.08.01');
    expect(venvs()).toEqual(['venv-2026.08.01']);
    said = [];
    await ensureYtDlp({ say, python: '/nowhere', folder, now });
    expect(said).toEqual([]);
  });

  it('does not bring back what somebody has gone back from', async () => {
    installed('2026.08.01', now);
    installed('2026.09.09', now);
    await rollbackYtDlp({ folder, say });
    const inTwoWeeks = now + 14 * dayMs;
    await ensureYtDlp({ say, python: python('2026.09.09'), folder, now: inTwoWeeks, check });
    expect(installedYtDlp(folder)?.version).toBe('2026.08.01');
    await ensureYtDlp({ say, python: python('2026.10.10'), folder, now: inTwoWeeks, check });
    expect(installedYtDlp(folder)?.version).toBe('2026.10.10');
  });

  it('goes on with the old one where PyPI cannot be reached, and leaves nothing half-done', async () => {
    installed('2026.08.01', now - 8 * dayMs);
    await ensureYtDlp({ say, python: python(null), folder, now });
    expect(said.at(-1)).toBe('PyPI cannot be reached: going on with yt-dlp 2026.08.01.');
    expect(venvs()).toEqual(['venv-2026.08.01']);
    expect(installedYtDlp(folder)?.version).toBe('2026.08.01');
  });

  it('fails where there is none and none can be had', async () => {
    await expect(ensureYtDlp({ say, python: python(null), folder, now })).rejects.toThrow(StepFailed);
  });
});
