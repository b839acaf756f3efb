import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type LocalTelegram, startLocalTelegram, type WorldUser } from '@heavy/local-telegram';
import { openSession, parseSessionKey, sealSession, sessionKeyId } from '@heavy/telegram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heavy, heavyTyped } from './terminal.ts';

const phone = '4915550108642';
const password = 'correct horse';

let dir: string;
let telegram: LocalTelegram;
let account: WorldUser;
let child: ChildProcess | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-operator-'));
  telegram = await startLocalTelegram();
  account = telegram.world.addUser('heavy', { phone, password });
  telegram.world.addUser('alice');
});

afterAll(async () => {
  child?.kill('SIGKILL');
  await telegram?.close();
  await rm(dir, { recursive: true, force: true });
});

const sessionFile = (name: string) => join(dir, '.heavy', 'sessions', `${name}.session`);
const keyIn = async (file: string) => parseSessionKey(await readFile(join(dir, file), 'utf8'));

/** What an operator writes into `.env`. */
const settings = (keyFile: string, newKeyFile = '') => {
  const { host, port } = telegram.endpoint;
  const lines = {
    ...{ TELEGRAM_API_ID: '1', TELEGRAM_API_HASH: 'local0api0hash', HEAVY_SESSION_KEY_FILE: keyFile },
    ...{ HEAVY_SESSION_KEY_NEW_FILE: newKeyFile, OPEN_TO: 'private' },
    ...{ TELEGRAM_ENDPOINT: `${host}:${port}`, TELEGRAM_ENDPOINT_KEY_FILE: 'telegram.pem' },
  };
  const all = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  return writeFile(join(dir, '.env'), all.join(''));
};

const spawnStart = () => {
  const script = fileURLToPath(new URL('../packages/stack/src/start.ts', import.meta.url));
  return spawn(process.execPath, [script, '--dir', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
};

/** Starts it as `npm start` does, and resolves with what it said once it has started. */
const start = async (): Promise<string> => {
  const starting = spawnStart();
  child = starting;
  starting.stderr.pipe(process.stderr);
  let said = '';
  for await (const line of createInterface({ input: starting.stdout })) {
    said += `${line}\n`;
    // The last of what it says, with or without faults.
    if (line.startsWith('Ready.') || line.startsWith('  sender: ')) break;
  }
  return said;
};

const stop = async (): Promise<void> => {
  const ended = once(child!, 'exit');
  child!.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
};

/** Where it ends by itself: what it said on standard error, and nothing on standard output. */
const refusal = async (): Promise<string> => {
  const calls = telegram.calls.length;
  const starting = spawnStart();
  const ended = once(starting, 'exit');
  const [out, err] = await Promise.all([text(starting.stdout), text(starting.stderr)]);
  expect([await ended, out, telegram.calls.length]).toEqual([[1, null], '', calls]);
  return err;
};

/** Types a command in a private chat with the account. */
const whoami = async (): Promise<string> => {
  const command = telegram.world.user('alice').in('heavy').says('.whoami');
  const { chat } = command;
  return (await chat.waitFor(({ replyTo }) => replyTo === command, { timeoutMs: 60_000 })).text;
};

const secondFactor = ['(not shown): ', `${password}\r`] as const;

describe('an operator', () => {
  it('makes a key, logs in, and has a running system', async () => {
    await writeFile(join(dir, 'telegram.pem'), telegram.endpoint.publicKeyPem);
    expect((await heavy(['session', 'new-key', join(dir, 'first.key')], {})).code).toBe(0);
    await settings('first.key');
    const { text: screen, code } = await heavyTyped(['login', '--dir', dir], {}, [
      ['Phone number', `+${phone}\r`],
      ['Code that', '54321\r'],
      ['That is not the code.', ''],
      ['Code that', '12 345\r'],
      secondFactor,
    ]);
    expect([code, screen]).toEqual([0, expect.stringContaining('Logged in as @heavy')]);
    expect(screen).not.toContain(password);
    for (const name of ['gateway', 'sender']) {
      expect((await stat(sessionFile(name))).mode & 0o777).toBe(0o600);
      expect(await readFile(sessionFile(name), 'utf8')).toMatch(/^heavy-session\.v1\.[0-9a-f]{8}\./u);
    }
    expect(await start()).toContain('\nReady.');
    expect(await whoami()).toMatch(/unmolested/iu);

    const check = await heavy(['session', 'check', '--dir', dir], {});
    expect([check.code, check.text.match(/sealed/gu)]).toEqual([0, ['sealed', 'sealed']]);
    const inUse = await heavy(['session', 'check', '--connect', '--dir', dir], {});
    expect([inUse.code, inUse.text]).toEqual([1, expect.stringContaining('uses the session of the gateway')]);
    expect(await whoami()).toMatch(/unmolested/iu);
    await stop();
  });

  it('changes the key, which the next start needs', async () => {
    await heavy(['session', 'new-key', join(dir, 'second.key')], {});
    await settings('first.key', 'second.key');
    expect((await heavy(['session', 'rotate-key', '--dir', dir], {})).code).toBe(0);
    const [before, after] = [sessionKeyId(await keyIn('first.key')), sessionKeyId(await keyIn('second.key'))];
    expect(await refusal()).toBe(
      `The session of the gateway cannot be used: HEAVY_SESSION_KEY: The session is sealed with the key ${after}, and ${before} is given.\n`,
    );
    await settings('second.key');
    expect(await start()).toContain('\nReady.');
    expect(await whoami()).toMatch(/unmolested/iu);
    await stop();
  });

  it('logs in again where the session was ended from another device', async () => {
    telegram.revokeSessions(account, 'SESSION_REVOKED');
    const said = await start();
    for (const name of ['gateway', 'sender'])
      expect(said).toContain(
        `  ${name}: telegram: Telegram refuses the session (SESSION_REVOKED). The session was ended from another device of the account. Log in again with \`npm run login -- --replace\`, then restart.`,
      );
    await stop();
    const { code } = await heavyTyped(['login', '--replace', '--phone', phone, '--dir', dir], {}, [
      ['[y/N]', 'y\r'],
      ['Code that', '12345\r'],
      secondFactor,
    ]);
    expect(code).toBe(0);
    expect(await start()).toContain('\nReady.');
    expect(await whoami()).toMatch(/unmolested/iu);
    await stop();
  });

  it('cannot have one session for both services, however it is sealed', async () => {
    const key = await keyIn('second.key');
    const session = openSession(await readFile(sessionFile('gateway'), 'utf8'), [key]);
    await writeFile(sessionFile('sender'), sealSession(session, key));
    expect(await refusal()).toBe(
      'Gateway and sender have the same session, and Telegram would revoke it: npm run login makes one for each.\n',
    );
    const check = await heavy(['session', 'check', '--dir', dir], {});
    expect([check.code, check.text]).toEqual([
      1,
      expect.stringContaining('Both files hold the same session'),
    ]);
  });
});
