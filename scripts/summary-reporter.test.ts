import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const reporter = fileURLToPath(new URL('summary-reporter.ts', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'heavy-reporter-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run = async (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  const args = ['run', '--globals', `--root=${root}`, '--reporter=default', `--reporter=${reporter}`];
  // Not as a part of the run that this test is in.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const child = spawn(process.execPath, [vitest, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  const lines = output.trimEnd().split('\n');
  return { code, lastLine: lines.at(-1), unsteady: lines.filter((line) => line.startsWith('Passed at')) };
};

describe('SummaryReporter', { timeout: 60_000 }, () => {
  it('ends with the number of tests of each outcome', async () => {
    const file = `it('a', () => {}); it('b', () => {}); it.skip('c'); it.todo('d'); it('e', () => { throw new Error('e'); });`;
    expect(await run({ 'a.test.js': file })).toMatchObject({
      code: 1,
      lastLine: '2 passed, 1 failed, 2 skipped',
    });
  });

  it('counts files that do not load and hooks that throw as failed', async () => {
    expect(
      await run({
        'load.test.js': `throw new Error('no');`,
        'hook.test.js': `describe('x', () => { beforeAll(() => { throw new Error('no'); }); it('a', () => {}); });`,
        'good.test.js': `it('a', () => {});`,
      }),
    ).toMatchObject({ code: 1, lastLine: '1 passed, 2 failed, 1 skipped' });
  });

  it('fails a run in which no test ran', async () => {
    expect(await run({ 'a.test.js': `it.skip('a', () => {});` })).toMatchObject({
      code: 1,
      lastLine: '0 passed, 0 failed, 1 skipped',
    });
  });

  it('names the tests that passed at a second try only', async () => {
    const file = `let tries = 0; it('a', { retry: 1 }, () => { if ((tries += 1) === 1) throw new Error('a'); }); it('b', () => {});`;
    expect(await run({ 'a.test.js': file })).toEqual({
      ...{ code: 0, lastLine: '2 passed, 0 failed, 0 skipped' },
      unsteady: ['Passed at a second try: a.test.js > a'],
    });
  });

  it('passes a run in which all pass', async () => {
    expect(await run({ 'a.test.js': `it('a', () => {});` })).toEqual({
      ...{ code: 0, lastLine: '1 passed, 0 failed, 0 skipped' },
      unsteady: [],
    });
  });
});
