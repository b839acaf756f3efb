import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { botsStage, redisUrl } from './bots-stage.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'heavy-python-'));
const python = join(folder, 'bin', 'python');
const script = fileURLToPath(new URL('./fixtures/bots_client.py', import.meta.url));

/** Why there is no Python with its Redis client here; undefined where there is. */
const missing = ((): string | undefined => {
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '15',
  ];
  try {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' });
    execFileSync(python, [...pip, 'redis==6.4.0'], { stdio: 'pipe', timeout: 100_000 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
})();
afterAll(() => rmSync(folder, { recursive: true, force: true }));
if (missing !== undefined)
  process.stderr.write(
    `The interface for bots is not tried from Python, which has no Redis client here: ${missing}\n`,
  );

const stage = botsStage();

describe.skipIf(missing !== undefined)('an application in Python', () => {
  it('adds a bot, sends, edits, deletes, and reads what became of it', async () => {
    const bot = stage.addBot('quiz_bot');
    const alice = stage.addUser('alice', bot);
    await stage.start();
    const { stdout } = await run(python, [
      script,
      redisUrl(),
      String(bot.id),
      bot.botToken,
      String(alice.id),
    ]);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(outcomes.toSorted((a, b) => a.external_id - b.external_id)).toEqual([
      { external_id: 1, type: 'send_msg', status: 1, details: null },
      { external_id: 2, type: 'send_msg', status: 1, details: null },
      { external_id: 3, type: 'edit_msg', status: 1, details: null },
      { external_id: 4, type: 'del_msg', status: 1, details: null },
      {
        ...{ external_id: 5, type: 'send_msg', status: 0 },
        details: `"data" does not fit send_msg: (root) must have required property 'text'.`,
      },
    ]);
    expect(stage.texts(bot, alice)).toEqual(['good-bye']);
  });
});
