import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LocalTelegram, startLocalTelegram } from '@heavy/local-telegram';
import { freePort, type MediaSite, startMediaSite } from '@heavy/stack';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

let telegram: LocalTelegram;
let site: MediaSite;
let child: ChildProcess | undefined;
/** Not the repository's own: a developer may have an account there. */
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-start-test-'));
  telegram = await startLocalTelegram();
  site = await startMediaSite({ ffmpeg: inject('tools').ffmpeg });
});

afterAll(async () => {
  child?.kill('SIGKILL');
  await Promise.all([telegram?.close(), site?.stop()]);
  await rm(dir, { recursive: true, force: true });
});

/** The sessions where `npm run login` puts them. */
const keep = async (sessions: { gateway: string; sender: string }): Promise<void> => {
  const folder = join(dir, '.heavy', 'sessions');
  await mkdir(folder, { recursive: true });
  for (const [service, session] of Object.entries(sessions))
    await writeFile(join(folder, `${service}.session`), `${session}\n`);
};

const spawnStart = (env: Record<string, string>, stderr: 'inherit' | 'pipe'): ChildProcess => {
  const script = new URL('../packages/stack/src/start.ts', import.meta.url).pathname;
  return spawn(process.execPath, [script, '--dir', dir], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', stderr],
  });
};

/** Starts it as `npm start` does, and resolves with what it said once it has started. */
const start = async (env: Record<string, string>): Promise<string[]> => {
  child = spawnStart(env, 'inherit');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    said.push(line);
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

describe('npm start', () => {
  it('serves the account of its settings until it is interrupted, and again when it is started again', async () => {
    const { world } = telegram;
    const account = world.addUser('heavy');
    const alice = world.addUser('alice');
    const chat = world.addGroup('Film club', { members: [alice, account] });
    const { host, port, publicKeyPem } = telegram.endpoint;
    const env = {
      TELEGRAM_API_ID: '1',
      TELEGRAM_API_HASH: 'local',
      TELEGRAM_ENDPOINT: `${host}:${port}`,
      TELEGRAM_ENDPOINT_KEY: publicKeyPem,
      ADMIN_IDS: String(alice.id),
      // Otherwise nothing on this machine may be reached.
      EGRESS_ALLOW_HOSTS: new URL(site.url).host,
    };
    await keep({ gateway: world.mintSession(account), sender: world.mintSession(account) });
    const said = await start(env);
    for (const name of ['gateway', 'logger', 'media-pirate', 'quartermaster', 'sender'])
      expect(
        said.some((line) => new RegExp(`^ +${name} +http://127\\.0\\.0\\.1:\\d+/health$`, 'u').test(line)),
      ).toBe(true);
    const ask = async (path: string) => {
      const command = world.user('alice').in(chat).says(`.vdl ${site.url}${path}`);
      const answer = await chat.waitFor(
        (message) => message.replyTo === command && message.media !== undefined,
        {
          timeoutMs: 120_000,
        },
      );
      return answer.media!.kind;
    };
    expect(await ask(`/clip.mp4?at=${Date.now()}`)).toBe('video');
    await stop();
    await start(env);
    expect(await ask(`/clip.mp4?at=${Date.now()}`)).toBe('video');
    await stop();
  });

  it('goes on where Telegram cannot be reached, and says so', async () => {
    const { world, endpoint } = telegram;
    const account = world.addUser('offline');
    await keep({ gateway: world.mintSession(account), sender: world.mintSession(account) });
    const said = await start({
      TELEGRAM_API_ID: '1',
      TELEGRAM_API_HASH: 'local',
      TELEGRAM_ENDPOINT: `127.0.0.1:${await freePort()}`,
      TELEGRAM_ENDPOINT_KEY: endpoint.publicKeyPem,
    });
    expect(said.slice(-3)).toEqual([
      expect.stringContaining('Not everything works yet'),
      '  gateway: telegram: connecting',
      '  sender: telegram: connecting',
    ]);
    await stop();
  });

  it('refuses one session for both services, before anything is started', async () => {
    const session = telegram.world.mintSession(telegram.world.addUser('single'));
    await keep({ gateway: session, sender: session });
    child = spawnStart({ TELEGRAM_API_ID: '1', TELEGRAM_API_HASH: 'local' }, 'pipe');
    const said = { out: '', err: '' };
    child.stdout!.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said.out).toBe('');
    expect(said.err).toBe(
      'Gateway and sender have the same session, and Telegram would revoke it: npm run login makes one for each.\n',
    );
  });
});
