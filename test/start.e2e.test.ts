import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LocalTelegram, startLocalTelegram } from '@heavy/local-telegram';
import { type MediaSite, startMediaSite } from '@heavy/stack';
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

/** Starts it as `npm start` does, and resolves with what it said once it is ready. */
const start = async (env: Record<string, string>): Promise<string[]> => {
  const script = new URL('../packages/stack/src/start.ts', import.meta.url).pathname;
  child = spawn(process.execPath, [script, '--dir', dir], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    said.push(line);
    if (line.startsWith('Ready.')) break;
  }
  return said;
};

const stop = async (): Promise<void> => {
  const ended = once(child!, 'exit');
  child!.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
};

describe('npm start', { timeout: 300_000 }, () => {
  it('serves the account of its settings until it is interrupted, and again when it is started again', async () => {
    const { world } = telegram;
    const account = world.addUser('heavy');
    const alice = world.addUser('alice');
    const chat = world.addGroup('Film club', { members: [alice, account] });
    const { host, port, publicKeyPem } = telegram.endpoint;
    const env = {
      TELEGRAM_API_ID: '1',
      TELEGRAM_API_HASH: 'local',
      GATEWAY_TELEGRAM_SESSION: world.mintSession(account),
      SENDER_TELEGRAM_SESSION: world.mintSession(account),
      TELEGRAM_ENDPOINT: `${host}:${port}`,
      TELEGRAM_ENDPOINT_KEY: publicKeyPem,
      ADMIN_IDS: String(alice.id),
    };
    const said = await start(env);
    for (const name of ['gateway', 'logger', 'media-pirate', 'sender'])
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
});
