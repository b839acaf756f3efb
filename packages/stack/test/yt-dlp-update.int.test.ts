import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findSystemTools } from '../src/tools/ensure-tools.ts';
import { runStep } from '../src/tools/run-step.ts';
import { compareVersions } from '../src/tools/version.ts';
import { findFaults, findFaultsHere } from '../src/tools/yt-dlp-canaries.ts';
import { installYtDlp, useYtDlp, ytDlpProgram } from '../src/tools/yt-dlp-folder.ts';
import { renewYtDlp, rollbackYtDlp } from '../src/tools/yt-dlp-update.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heavy-ytdlp-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const current = inject('tools').ytDlp;
const broken = (): string => {
  const path = join(folder, 'broken');
  writeFileSync(path, '#!/bin/sh\necho WARNING: old >&2\necho "ERROR: [x] broken" >&2\nexit 1\n', {
    mode: 0o755,
  });
  return path;
};

describe('renewYtDlp with PyPI', () => {
  it('replaces an older yt-dlp by the newest, which runs under the same path, and goes back', async () => {
    const { python = '' } = await findSystemTools(['python']);
    const older = '2026.07.04';
    useYtDlp(folder, await installYtDlp({ folder, python, version: older }));
    const running = async () =>
      (await runStep(ytDlpProgram(folder), ['--version'], { env: {}, timeoutMs: 30_000 })).trim();
    expect(await running()).toBe(older);
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    const update = await renewYtDlp({ folder, python, say });
    expect(update).toMatchObject({ outcome: 'updated', from: older });
    expect(said).toEqual([`Checking yt-dlp ${update.version} with a server of its own…`]);
    expect(compareVersions(update.version, older)).toBeGreaterThan(0);
    expect(await running()).toBe(update.version);
    expect(await rollbackYtDlp({ folder, say })).toEqual({ version: older, from: update.version });
    expect(await running()).toBe(older);
  });
});

describe('findFaultsHere', () => {
  it('finds nothing wrong with a yt-dlp that works', async () => {
    expect(await findFaultsHere({ current: '/nowhere', candidate: current })).toEqual([]);
  });

  it('tells what one that does not work says', async () => {
    const [fault] = await findFaultsHere({ current, candidate: broken() });
    expect(fault?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/canary\.mp4$/);
    expect(fault?.error).toBe('ERROR: [x] broken');
  });
});

describe('findFaults', () => {
  it('does not blame a new yt-dlp for a site that cannot be reached', async () => {
    expect(await findFaults(['http://127.0.0.1:9/a.mp4'], { current, candidate: broken() })).toEqual([]);
  });

  it('ends at a signal, also while yt-dlp runs', async () => {
    const stop = new AbortController();
    const mark = join(folder, 'begun');
    const slow = join(folder, 'slow');
    writeFileSync(slow, `#!/bin/sh\n: >'${mark}'\nexec sleep 60\n`, { mode: 0o755 });
    const checking = findFaults(['http://127.0.0.1:9/a.mp4'], { current, candidate: slow }, stop.signal);
    await expect.poll(() => existsSync(mark)).toBe(true);
    stop.abort(new Error('interrupted'));
    await expect(checking).rejects.toThrow('interrupted');
  });
});
