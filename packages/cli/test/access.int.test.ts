import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccess } from '@heavy/access';
import { announce } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { runCli } from '../src/cli.ts';

const redisUrl = `${inject('redis').url}/15`;
const redis = new Redis(redisUrl);
const access = createAccess(redis);

let dir: string;
beforeEach(async () => {
  await redis.flushdb();
  dir = await mkdtemp(join(tmpdir(), 'heavy-cli-access-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));
afterAll(() => redis.quit());

const heavy = async (args: string[], variables: Record<string, string> = { REDIS_URL: redisUrl }) => {
  for (const name of ['MEDIA_STORE', 'REDIS_URL']) vi.stubEnv(name, '');
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(['access', ...args], {
    ...{ out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) },
    ...{ ask: undefined, signal: new AbortController().signal },
  }).finally(() => vi.unstubAllEnvs());
  return { out, err, code };
};

const admin = 7_000_000_001;
const bob = { kind: 'user', id: 7_000_000_002 } as const;
const carol = { kind: 'user', id: 7_000_000_003 } as const;
const friends = { kind: 'chat', id: -1_001_234_567_890 } as const;

/** Bob is banned for an hour, carol blessed for ever, the chat graced. */
const fill = async () => {
  const said = { by: admin, chatId: friends.id };
  const { entry } = await access.change({
    ...{ ...said, id: '1', word: 'hammer', target: bob, name: 'Bob \u001b[31m日本', durationS: 3600 },
  });
  await access.change({ ...said, id: '2', word: 'bless', target: carol, name: 'Carol' });
  await access.change({ ...said, id: '3', word: 'grace', target: friends, name: 'Friends' });
  return { bobsUntil: entry?.until ?? '' };
};
const minute = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;
const rowsOf = async () =>
  (await access.list()).map(({ target: { kind, id }, entry: { standing } }) => `${kind} ${id} ${standing}`);
const everything = [`user ${bob.id} banned`, `user ${carol.id} blessed`, `chat ${friends.id} graced`];

describe('heavy access list', () => {
  it('shows what holds in aligned columns, without what a terminal would obey', async () => {
    await fill();
    const { out, err, code } = await heavy(['list']);
    expect([err, code]).toEqual([['2 users, 1 chat'], 0]);
    expect(out).toEqual([
      expect.stringMatching(/^what +id +name +standing +until +since +by$/),
      expect.stringMatching(
        new RegExp(`^user +${bob.id}  Bob \\[31m日本 +banned +${minute}  ${minute}  ${admin}$`),
      ),
      expect.stringMatching(new RegExp(`^user +${carol.id}  Carol +blessed +for ever +${minute}  ${admin}$`)),
      expect.stringMatching(new RegExp(`^chat +${friends.id}  Friends +graced +for ever`)),
    ]);
  });

  it('gives one JSON object a line, and a sentence where there is nothing', async () => {
    expect(await heavy(['list'])).toEqual({
      ...{ out: [], err: ['Nobody is blessed or banned, and no chat graced or smitten.'], code: 0 },
    });
    const { bobsUntil } = await fill();
    const { out } = await heavy(['list', '--json']);
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      { ...bob, standing: 'banned', by: admin, until: bobsUntil, name: 'Bob \u001b[31m日本' },
      { ...carol, standing: 'blessed' },
      { ...friends, standing: 'graced' },
    ]);
  });

  it('marks what is not readable', async () => {
    await redis.hset(`access:user:${bob.id}`, 'a', 'hash');
    expect((await heavy(['list'])).out[1]).toMatch(/banned \(not readable\)$/);
  });

  it('finds the system that runs in a folder, and needs no media store', async () => {
    await fill();
    const withdraw = announce(join(dir, '.heavy', 'data'), { REDIS_URL: redisUrl });
    expect((await heavy(['list', '--json', '--dir', dir], {})).out).toHaveLength(3);
    withdraw();
    expect(await heavy(['list', '--dir', dir], {})).toMatchObject({
      code: 1,
      err: [
        `Nothing runs in ${dir} (npm start or npm run demo), and the environment does not name REDIS_URL.`,
      ],
    });
  });
});

describe('heavy access audit', () => {
  it('shows who changed whose access, newest first', async () => {
    await fill();
    await access.change({ id: '4', word: 'pardon', target: bob, by: admin, chatId: friends.id });
    const { out, err, code } = await heavy(['audit']);
    expect([err, code]).toEqual([[], 0]);
    expect(out).toEqual([
      expect.stringMatching(/^when +by +word +what +id +name +until +said in$/),
      expect.stringMatching(new RegExp(`^${minute}  ${admin}  pardon  user +${bob.id} +${friends.id}$`)),
      expect.stringMatching(new RegExp(`grace +chat +${friends.id}  Friends +for ever +${friends.id}$`)),
      expect.stringMatching(new RegExp(`bless +user +${carol.id}  Carol +for ever`)),
      expect.stringMatching(new RegExp(`hammer +user +${bob.id}  Bob \\[31m日本 +${minute} +${friends.id}$`)),
    ]);
  });

  it('chooses by user or chat, limits, and gives one JSON object a line', async () => {
    await fill();
    const events = async (...args: string[]) =>
      (await heavy(['audit', '--json', ...args])).out.map((line) => JSON.parse(line).eventId);
    expect(await events()).toEqual(['3', '2', '1']);
    expect(await events('--limit', '2')).toEqual(['3', '2']);
    expect(await events('--user', String(bob.id))).toEqual(['1']);
    expect(await events('--chat', String(friends.id))).toEqual(['3']);
    expect(await events(`--chat=${friends.id}`)).toEqual(['3']);
    expect(await heavy(['audit', '--user', '5'])).toEqual({
      out: [],
      err: ['Nothing has been changed.'],
      code: 0,
    });
  });

  it.each([
    [['--limit', '0'], '--limit is a whole number from 1.'],
    [['--user', '1', '--chat', '2'], 'Give --user or --chat, not both.'],
    [['--user', '@bob'], '"@bob" is no id.'],
    [['--chat', '12345678901234567890'], '"12345678901234567890" is no id.'],
    [['all'], '"all" is one word too many.'],
  ])('answers %j with a sentence and the usage', async (args, sentence) => {
    const { out, err, code } = await heavy(['audit', ...args]);
    expect([out, code]).toEqual([[], 2]);
    expect(err[0]?.startsWith(`${sentence}\n\nnpm run heavy -- access audit`)).toBe(true);
  });
});

describe('heavy access export', () => {
  it('writes what access import brings back as it was', async () => {
    const { bobsUntil } = await fill();
    const before = await access.list();
    const file = join(dir, 'access.json');
    expect(await heavy(['export', file])).toEqual({ out: [], err: [`3 standings in ${file}`], code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['access.json']);

    await redis.flushdb();
    const { out, err, code } = await heavy(['import', file]);
    expect(code).toBe(0);
    expect(out).toEqual([
      expect.stringMatching(new RegExp(`^user ${bob.id} \\(Bob \\[31m日本\\): banned until ${minute}$`)),
      `user ${carol.id} (Carol): blessed for ever`,
      `chat ${friends.id} (Friends): graced for ever`,
    ]);
    expect(err).toEqual(['3 restored, 0 unchanged, 0 left out as ended, 0 removed']);
    expect(await access.list()).toEqual(before);
    expect(await redis.pexpiretime(`access:user:${bob.id}`)).toBe(Date.parse(bobsUntil));
    const trail = await access.audit({ limit: 9 });
    expect(trail.map(({ word, by, chatId }) => [word, by, chatId])).toEqual([
      ...[
        ['grace', 0, 0],
        ['bless', 0, 0],
        ['hammer', 0, 0],
      ],
    ]);
    expect(new Set(trail.map(({ eventId }) => eventId)).size).toBe(1);
    expect((await heavy(['audit'])).out[1]).toMatch(/ import {2}grace /);
  });

  it('prints it where no file is named', async () => {
    await fill();
    const { out, err, code } = await heavy(['export']);
    expect([err, code]).toEqual([[], 0]);
    expect(JSON.parse(out.join('\n'))).toMatchObject({
      ...{ version: 1, exportedAt: expect.any(String) },
      entries: [{ ...bob, standing: 'banned', by: admin }, { ...carol }, { ...friends }],
    });
  });

  it('leaves out what is not readable, and fails', async () => {
    await fill();
    await redis.set(`access:user:${bob.id}`, '{');
    const { out, err, code } = await heavy(['export']);
    expect(JSON.parse(out.join('\n')).entries).toHaveLength(2);
    expect(err).toEqual([`Left out, as it is not readable and counts as banned: user ${bob.id}.`]);
    expect(code).toBe(1);
  });

  it('says so where the file cannot be written', async () => {
    const file = join(dir, 'nowhere', 'access.json');
    expect(await heavy(['export', file])).toEqual({
      ...{ out: [], err: [`${file} cannot be written (ENOENT).`], code: 1 },
    });
  });
});

describe('heavy access import', () => {
  const since = '2026-11-21T00:00:00.000Z';
  const entry = { ...bob, standing: 'blessed', by: admin, since };
  const write = async (entries: unknown[], more: Record<string, unknown> = {}) => {
    const file = join(dir, 'access.json');
    await writeFile(file, JSON.stringify({ version: 1, exportedAt: since, entries, ...more }));
    return file;
  };

  it('replaces what holds of those in the file, leaves others alone, and notes nothing twice', async () => {
    await fill();
    const file = await write([entry]);
    expect((await heavy(['import', file])).out).toEqual([`user ${bob.id}: blessed for ever`]);
    expect(await rowsOf()).toEqual([`user ${bob.id} blessed`, ...everything.slice(1)]);
    expect(await heavy(['import', file])).toEqual({
      ...{ out: [], err: ['0 restored, 1 unchanged, 0 left out as ended, 0 removed'], code: 0 },
    });
    expect(await access.audit({ limit: 9 })).toHaveLength(4);
  });

  it('removes what is not in the file where it is to be replaced, and notes that', async () => {
    await fill();
    await redis.set('access:chat:-5', 'not readable');
    const { out, err, code } = await heavy(['import', await write([entry]), '--replace']);
    expect(code).toBe(0);
    expect(out).toEqual([
      ...[`user ${bob.id}: blessed for ever`, `user ${carol.id} (Carol): no longer blessed`],
      ...[`chat ${friends.id} (Friends): no longer graced`, 'chat -5: no longer smitten'],
    ]);
    expect(err).toEqual(['1 restored, 0 unchanged, 0 left out as ended, 3 removed']);
    expect(await rowsOf()).toEqual([`user ${bob.id} blessed`]);
    expect(await access.audit({ limit: 1, target: carol })).toMatchObject([
      { word: 'pardon', by: 0, name: 'Carol', eventId: expect.stringMatching(/^import:/) },
    ]);
  });

  it('leaves out what has ended, and says so', async () => {
    await fill();
    const file = await write([{ ...entry, until: '2026-01-01T00:00:00Z' }]);
    const { out, err } = await heavy(['import', file]);
    expect(out).toEqual([
      expect.stringMatching(new RegExp(`^user ${bob.id}: left out, it ended ${minute}$`)),
    ]);
    expect(err).toEqual(['0 restored, 0 unchanged, 1 left out as ended, 0 removed']);
    expect(await rowsOf()).toEqual(everything);
    // What the file says, by now, is nothing.
    await heavy(['import', file, '--replace']);
    expect(await rowsOf()).toEqual([]);
  });

  it('gives one JSON object a line', async () => {
    await fill();
    const file = await write([entry, { ...entry, id: 5, until: '2026-01-01T00:00:00Z' }]);
    const { out } = await heavy(['import', file, '--replace', '--json']);
    expect(out.map((line) => JSON.parse(line))).toMatchObject([
      ...[
        { outcome: 'restored', ...bob, standing: 'blessed' },
        { outcome: 'ran_out', id: 5 },
      ],
      ...[
        { outcome: 'removed', ...carol },
        { outcome: 'removed', ...friends },
      ],
    ]);
  });

  it.each<[string, unknown[], Record<string, unknown>, RegExp]>([
    ['another version', [entry], { version: 2 }, /is of version 2, and version 1 is known here\.$/],
    ['no version', [entry], { version: undefined }, /: \(root\) must have required property 'version'\.$/],
    ['no list', [], { entries: {} }, /: \/entries must be array\.$/],
    ['something unknown', [entry], { more: 1 }, /: \(root\) must NOT have additional properties\.$/],
    [
      'a standing that is none',
      [entry, { ...entry, id: 5, standing: 'admin' }],
      {},
      /: \/entries\/1\/standing /,
    ],
    [
      'a standing of the other kind',
      [entry, { ...entry, kind: 'chat' }],
      {},
      /\/entries\/1 a chat cannot be blessed/,
    ],
    [
      'a target twice',
      [entry, { ...entry, standing: 'banned' }],
      {},
      /\/entries\/1 user \d+ is there already\.$/,
    ],
    ['an id beyond 53 bits', [entry, { ...entry, id: 2 ** 60 }], {}, /\/entries\/1\/id must be <= /],
    [
      'an end that is no time',
      [entry, { ...entry, id: 5, until: 'tomorrow' }],
      {},
      /\/entries\/1\/until must match/,
    ],
    [
      'nobody who said it',
      [entry, { ...entry, id: 5, by: undefined }],
      {},
      /\/entries\/1 must have .*'by'\.$/,
    ],
  ])('changes nothing where the file has %s', async (_what, entries, more, fault) => {
    await fill();
    const { out, err, code } = await heavy(['import', await write(entries, more), '--replace']);
    expect([out, code]).toEqual([[], 1]);
    expect(err).toEqual([expect.stringMatching(fault)]);
    expect(await rowsOf()).toEqual(everything);
    expect(await access.audit({ limit: 9 })).toHaveLength(3);
  });

  it('says what is wrong with a file that is none', async () => {
    const file = join(dir, 'access.json');
    expect((await heavy(['import', file])).err).toEqual([`${file} cannot be read (ENOENT).`]);
    for (const [text, fault] of [
      ['{', ' is not JSON.'],
      ['null', ' is no export of access: (root) must be object.'],
    ] as const) {
      await writeFile(file, text);
      expect(await heavy(['import', file])).toEqual({ out: [], err: [`${file}${fault}`], code: 1 });
    }
    expect(await heavy(['import'])).toMatchObject({ code: 2 });
    expect(await readFile(file, 'utf8')).toBe('null');
  });
});
