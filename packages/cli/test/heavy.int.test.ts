import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  canonicalUrl,
  contentHash,
  createAskedRecord,
  createDirectoryStore,
  type MediaStore,
} from '@heavy/media';
import { announce } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runCli } from '../src/cli.ts';

const redisUrl = `${inject('redis').url}/12`;
const redis = new Redis(redisUrl);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let dir: string | undefined;
let store: MediaStore;
let env: Record<string, string>;
beforeEach(async () => {
  await redis.flushdb();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  dir = await mkdtemp(join(tmpdir(), 'heavy-cli-'));
  const media = join(dir, 'media');
  store = createDirectoryStore({ dir: media });
  env = { MEDIA_STORE: pathToFileURL(media).href, REDIS_URL: redisUrl };
});
afterAll(async () => {
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  await redis.quit();
});

/** Runs a command in this process; `answer` is what a person says when asked. */
const heavy = async (args: string[], variables: Record<string, string> = env, answer?: boolean) => {
  for (const name of ['MEDIA_STORE', 'REDIS_URL', 'YTDLP_PATH', 'S3_ENDPOINT']) vi.stubEnv(name, '');
  vi.stubEnv('XDG_CACHE_HOME', join(dir ?? '', 'cache'));
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  let [out, err] = ['', ''];
  const code = await runCli(args, {
    out: (line) => {
      out += `${line}\n`;
    },
    err: (line) => {
      err += `${line}\n`;
    },
    ask: answer === undefined ? undefined : async () => answer,
    signal: new AbortController().signal,
  }).finally(() => vi.unstubAllEnvs());
  return { out, err, code };
};
const jsonLines = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const youtube = 'https://www.youtube.com/watch?v=aaaaaaaaaaa';
const hash = contentHash({ url: youtube, kind: 'video' });
const other = 'ab'.repeat(32);

const put = (key: string, sizeBytes: number, metadata: Record<string, string> = {}) =>
  store.put(key, { stream: Readable.from([Buffer.alloc(sizeBytes)]) }, { type: 'video/mp4', metadata });

const fill = async () => {
  await put(`video/${hash}.mp4`, 12_345, {
    ...{ title: 'Größe \u001b[31m日本', sourceUrl: `${youtube}&t=9`, canonicalUrl: canonicalUrl(youtube) },
    ...{ durationS: '63.2', extractor: 'Youtube' },
  });
  await put(`thumb/${hash}.jpg`, 10);
  await put(`audio/${other}.mp3`, 50_000, {
    title: 'A song',
    sourceUrl: 'https://example.com/song',
    durationS: '5',
  });
  const asked = createAskedRecord(redis);
  await asked.asked(`video/${hash}.mp4`, 3);
  await asked.asked(`audio/${other}.mp3`);
};

describe('heavy media list', () => {
  it('shows what is stored in aligned columns, without what a terminal would obey', async () => {
    await fill();
    const { out, err, code } = await heavy(['media', 'list', '--sort', 'asked']);
    expect(code).toBe(0);
    const [heading = '', first = '', second = '', ...rest] = out.trimEnd().split('\n');
    expect(rest).toEqual([]);
    expect(heading).toMatch(/^hash +kind +size +length +title +asked +last asked +stored +source$/);
    expect(first).toMatch(
      new RegExp(`^${hash.slice(0, 12)}  video  12\\.3 kB    1:03  Größe \\[31m日本 +3  \\d{4}-.*&t=9$`),
    );
    expect(second).toContain(`${other.slice(0, 12)}  audio  50.0 kB    0:05  A song`);
    expect(second.indexOf('https://')).toBe(heading.indexOf('source'));
    expect(err).toBe('2 objects, 62.3 kB in all\n');
  });

  it('chooses by kind, orders, limits, and gives one JSON object a line', async () => {
    await fill();
    const keys = async (...args: string[]) =>
      jsonLines((await heavy(['media', 'list', '--json', ...args])).out).map(({ kind }) => kind);
    expect(await keys('--sort', 'size')).toEqual(['audio', 'video']);
    expect(await keys('--sort', 'asked')).toEqual(['video', 'audio']);
    expect(await keys('--sort', 'asked', '--limit', '1')).toEqual(['video']);
    expect(await keys('--kind', 'audio')).toEqual(['audio']);
    const [one] = jsonLines((await heavy(['media', 'list', '--json', '--kind', 'video'])).out);
    expect(one).toMatchObject({
      ...{ key: `video/${hash}.mp4`, hash, kind: 'video', sizeBytes: 12_345, durationS: 63.2 },
      ...{ askedCount: 3, sourceUrl: `${youtube}&t=9` },
    });
  });

  it('says so where nothing is stored', async () => {
    expect(await heavy(['media', 'list'])).toEqual({ out: '', err: 'Nothing is stored.\n', code: 0 });
  });

  it('finds the system that runs in a folder', async () => {
    await fill();
    const withdraw = announce(join(dir ?? '', '.heavy', 'data'), env);
    const { out } = await heavy(['media', 'list', '--json', '--dir', dir ?? ''], {});
    expect(jsonLines(out)).toHaveLength(2);
    withdraw();
    const { err, code } = await heavy(['media', 'list', '--dir', dir ?? ''], {});
    expect(code).toBe(1);
    expect(err).toMatch(/^Nothing runs in .*\n$/);
  });
});

describe('heavy media show', () => {
  it.each([
    ['a hash', hash],
    ['the beginning of a hash', hash.slice(0, 5).toUpperCase()],
    ['another spelling of its URL', 'https://youtu.be/aaaaaaaaaaa?si=x'],
  ])('tells everything about what is named by %s', async (_name, what) => {
    await fill();
    const { out, code } = await heavy(['media', 'show', what]);
    expect(code).toBe(0);
    const facts = Object.fromEntries(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    );
    expect(facts).toMatchObject({
      ...{ key: `video/${hash}.mp4`, type: 'video/mp4', size: '12.3 kB (12345 bytes)', length: '1:03' },
      ...{ title: 'Größe [31m日本', extractor: 'Youtube', canonicalUrl: canonicalUrl(youtube) },
    });
    expect(facts['asked']).toMatch(/^3 times, last \d/);
  });

  it('says so where there is no such thing', async () => {
    await fill();
    expect(await heavy(['media', 'show', 'ffff'])).toEqual({
      ...{ out: '', err: 'No hash that begins with ffff is stored.\n', code: 1 },
    });
    const { err, code } = await heavy(['media', 'show', 'https://example.com/nothing']);
    expect([err, code]).toEqual(['Nothing that is stored comes from https://example.com/nothing.\n', 1]);
  });
});

describe('heavy media delete', () => {
  const keys = async () => (await Array.fromAsync(store.list())).map(({ key }) => key).sort();

  it('removes the object, its thumbnail and its record, and says what went', async () => {
    await fill();
    const { out, code } = await heavy(['media', 'delete', hash.slice(0, 8), '--yes']);
    expect(code).toBe(0);
    expect(out).toBe(`deleted video/${hash}.mp4  12.3 kB  Größe [31m日本\ndeleted thumb/${hash}.jpg  10 B\n`);
    expect(await keys()).toEqual([`audio/${other}.mp3`]);
    const asked = createAskedRecord(redis);
    expect(await asked.of([`video/${hash}.mp4`])).toEqual([{ count: 0 }]);
    expect((await asked.of([`audio/${other}.mp3`]))[0]?.count).toBe(1);
  });

  it('asks first, and deletes nothing where the answer is no', async () => {
    await fill();
    const before = await keys();
    const refused = await heavy(['media', 'delete', other], env, false);
    expect(refused).toEqual({
      ...{ out: '', code: 1 },
      err: `audio/${other}.mp3  50.0 kB  A song\nNothing was deleted.\n`,
    });
    expect(await keys()).toEqual(before);
    expect((await heavy(['media', 'delete', other], env, true)).code).toBe(0);
    expect(await keys()).toEqual(before.filter((key) => !key.includes(other)));
  });

  it('deletes nothing where there is nobody to ask, or where one of several is unknown or not clear', async () => {
    await fill();
    await put(`video/${hash.slice(0, 10)}${'0'.repeat(54)}.mp4`, 1);
    const before = await keys();
    expect(await heavy(['media', 'delete', hash])).toMatchObject({ code: 2 });
    expect(await heavy(['media', 'delete', other, 'ffff', '--yes'])).toMatchObject({
      ...{ code: 1, out: '', err: 'No hash that begins with ffff is stored.\n' },
    });
    expect(await heavy(['media', 'delete', other, hash.slice(0, 10), '--yes'])).toMatchObject({
      ...{
        code: 1,
        out: '',
        err: `2 hashes begin with ${hash.slice(0, 10)}: give more of the one that is meant.\n`,
      },
    });
    expect(await keys()).toEqual(before);
  });
});

describe('heavy', () => {
  it.each([
    [[], 'Which command?'],
    [['media'], 'media what? list, show, delete.'],
    [['media', 'burn'], 'There is no command "media burn".'],
    [['media', 'list', '--frob'], "Unknown option '--frob'"],
    [['media', 'list', 'all'], '"all" is one word too many.'],
    [['media', 'list', '--kind', 'x'], '--kind is one of video, audio; "x" is not.'],
    [['media', 'list', '--limit', '0'], '--limit is a whole number from 1.'],
    [['media', 'show'], 'Which one?'],
    [['media', 'show', 'xyz'], '"xyz" is no hash.'],
    [['media', 'delete', 'abc', '--yes'], '"abc" is too short'],
  ])('answers %j with a sentence and the usage', async (args, sentence) => {
    const { out, err, code } = await heavy(args);
    expect([out, code]).toEqual(['', 2]);
    expect(err.startsWith(sentence)).toBe(true);
    expect(err).toContain('\n\nnpm run heavy -- ');
  });

  it.each([[['--help']], [['media', 'delete', '--help']], [['ytdlp', 'update', '-h']]])(
    'explains itself: %j',
    async (args) => {
      const { out, err, code } = await heavy(args);
      expect([err, code]).toEqual(['', 0]);
      expect(out).toMatch(/^npm run heavy -- /);
    },
  );

  it('names what cannot be reached in one sentence, without credentials', async () => {
    const nobody = { ...env, REDIS_URL: 'redis://me:hunter2hunter2@127.0.0.1:9/0' };
    expect(await heavy(['media', 'list'], nobody)).toEqual({
      ...{
        out: '',
        err: 'Redis at 127.0.0.1:9 cannot be reached: connect ECONNREFUSED 127.0.0.1:9\n',
        code: 1,
      },
    });
    const noStore = {
      ...{ REDIS_URL: redisUrl, MEDIA_STORE: 's3://media', S3_ENDPOINT: 'http://127.0.0.1:9' },
      ...{ S3_ACCESS_KEY: 'hunter2hunter2', S3_SECRET_KEY: 'hunter2hunter2' },
    };
    expect(await heavy(['media', 'list'], noStore)).toEqual({
      out: '',
      err: 'The media store s3://media at 127.0.0.1:9 cannot be reached: connect ECONNREFUSED 127.0.0.1:9\n',
      code: 1,
    });
  });

  it('says what is missing of a store', async () => {
    const { err, code } = await heavy(['media', 'list'], { ...env, MEDIA_STORE: 's3://media' });
    expect([err, code]).toEqual(['s3://media needs an S3 endpoint, an access key and a secret key.\n', 1]);
  });

  it('says which settings are missing', async () => {
    const { err, code } = await heavy(['media', 'list'], { REDIS_URL: redisUrl });
    expect(code).toBe(1);
    expect(err).toMatch(/^MEDIA_STORE: is not set/);
  });
});

describe('npm run heavy', () => {
  it('prints to the two outputs, ends with the exit code, and asks nobody where there is no terminal', async () => {
    await fill();
    const run = async (args: string[]) => {
      const child = spawn(process.execPath, [main, ...args], {
        env: { PATH: process.env['PATH'] ?? '', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = once(child, 'exit');
      return {
        out: await text(child.stdout),
        err: await text(child.stderr),
        code: (await ended)[0] as number,
      };
    };
    const { out, err, code } = await run(['media', 'list', '--json']);
    expect([jsonLines(out).length, err, code]).toEqual([2, '', 0]);
    const refused = await run(['media', 'delete', hash]);
    expect([refused.out, refused.code]).toEqual(['', 2]);
    expect(refused.err).toMatch(/^There is nobody to ask here: give --yes as well\.\n\n/);
  });
});

describe('heavy ytdlp', () => {
  it('says so where there is none yet, or none to go back to', async () => {
    expect(await heavy(['ytdlp', 'version'])).toMatchObject({ code: 1, out: '' });
    expect((await heavy(['ytdlp', 'rollback'])).err).toBe('There is no yt-dlp from before to go back to.\n');
  });

  it('leaves a yt-dlp of the operator’s own alone', async () => {
    for (const command of ['version', 'update', 'rollback'])
      expect(await heavy(['ytdlp', command], { YTDLP_PATH: '/usr/bin/yt-dlp' })).toMatchObject({
        code: 1,
        err: 'YTDLP_PATH names /usr/bin/yt-dlp: that one is updated the way it was installed.\n',
      });
  });

  it('says what is wrong with a canary list before anything is installed', async () => {
    const { err, code } = await heavy(['ytdlp', 'update', '--canary', '/nowhere/canaries.txt']);
    expect(code).toBe(1);
    expect(err).toContain('The canary list /nowhere/canaries.txt cannot be read (ENOENT).\n');
  });
});
