import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisKeys, videoDownload, videoReady } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { contentHash } from '@heavy/media';
import { createCrowd, ensureTools, type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, isStatus, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;

const replicas = 2;
/** Its holder may be halted for most of it by a busy machine, and still keeps it. */
const leaseMs = 4000;
/** Within two seconds, of a machine that has nothing else to do. */
const soon = { timeout: 10_000, interval: 20 };

/** While this file is there, ffmpeg does not begin: a conversion can be stopped at. */
const gate = () => join(dir, 'gate');
const closeGate = () => writeFile(gate(), '');
const openGate = () => rm(gate(), { force: true });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  const tools = await ensureTools({ say: () => undefined });
  const ffmpeg = join(dir, 'ffmpeg');
  const wait = `while [ -e '${gate()}' ]; do sleep 0.05; done`;
  await writeFile(ffmpeg, `#!/bin/sh\n${wait}\nexec '${tools.ffmpeg}' "$@"\n`);
  await chmod(ffmpeg, 0o755);
  await symlink(tools.ffprobe, join(dir, 'ffprobe'));
  stack = await startStack({
    dir,
    replicas: { 'media-pirate': replicas },
    serviceEnv: {
      gateway: { OPEN_TO: 'everyone' },
      'media-pirate': {
        ...{ PROGRESS_INTERVAL_MS: '300', RETRY_DELAYS_MS: '500,1000,2000', LEASE_MS: String(leaseMs) },
        ...{ FFMPEG_PATH: ffmpeg, DOWNLOADS_AT_ONCE: '1', SHUTDOWN_GRACE_MS: '4000' },
      },
      sender: {
        ...{ STATUS_INTERVAL_MS: '300', RETRY_DELAYS_MS: '500,1000,2000' },
        // A thousand are answered at once, which no account may.
        ...{ PACE: '0', PACE_PER_CHAT: '0' },
      },
    },
  });
  // It is held where a test wants it to be slow.
  stack.site.throttle('/slow.mp4', null);
  stage = await createStage(stack);
  redis = new Redis(stack.redis.url);
}, 300_000);

afterAll(async () => {
  redis?.disconnect();
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
});

afterEach(async () => {
  await openGate();
  stack.site.release('/slow.mp4');
  stack.telegram.faults.clear();
  for (const one of pirates()) {
    one.resume();
    if (!one.running) await one.start();
  }
});

const pirates = (): ServiceProcess[] => stack.services.filter(({ name }) => name.startsWith('media-pirate'));
const filmClub = () => stack.chats[0]!;
const says = (text: string, by = 'alice') => stack.world.user(by).in(filmClub()).says(text);
let takes = 0;
const address = (path: string): string => {
  takes += 1;
  return `${stack.site.url}${path}?one=${takes}`;
};
const hashOf = (url: string) => contentHash({ url, kind: 'video' });

/** The replica that has the lease of the job. */
const leaderOf = (url: string): Promise<ServiceProcess> =>
  vi.waitFor(
    async () => {
      const job = await redis.hgetall(redisKeys.ledger.job(hashOf(url)));
      const leader = pirates().find(({ name }) => Object.values(job).includes(name));
      if (!leader) throw new Error('nobody leads it');
      return leader;
    },
    { timeout: 20_000, interval: 20 },
  );

const isVideo = (message: WorldMessage) =>
  expect(message.media).toMatchObject({ kind: 'video', mime: 'video/mp4', streamable: true });

/** The bodies from the first byte on that the site sent of an address: yt-dlp's look at it, and its download. */
const fetches = (url: string) =>
  stage
    .requestsFor(url)
    .filter(
      ({ method, range, bytesSent }) =>
        method === 'GET' && bytesSent > 0 && !/^bytes=[1-9]/u.test(range ?? ''),
    );

/** Two people ask; the leading replica is killed at the moment that `at` resolves; both get the video, once. */
const survives = async (url: string, at: () => Promise<unknown>): Promise<WorldMessage[]> => {
  const reached = at();
  const commands = [says(`.vdl ${url}`), says(`.vdl ${url}`, 'bob')];
  await reached;
  const leader = await leaderOf(url);
  await leader.kill();
  stack.site.release('/slow.mp4');
  await openGate();
  const answers: WorldMessage[] = [];
  for (const command of commands) answers.push(await stage.onlyAnswer(command));
  for (const answer of answers) isVideo(answer);
  expect(await stage.processesWith(url)).toEqual([]);
  return answers;
};

/** The ids of the files of which a part goes up from now on. */
const uploads = (): ReadonlySet<string> => {
  const ids = new Set<string>();
  const match = (request: object): boolean => {
    ids.add(String(Reflect.get(request, 'fileId')));
    return false;
  };
  for (const method of ['upload.SaveFilePart', 'upload.SaveBigFilePart'])
    stack.telegram.faults.add({ method, match, drop: 'before' });
  return ids;
};

/** Resolves when the download of `/slow.mp4`, after yt-dlp's look at it, is stopped at that byte, with some of it on the disk. */
const downloadHeld = async (url: string, at: number): Promise<void> => {
  void stack.site.hold('/slow.mp4', at);
  const workDir = stack.env('media-pirate')['WORK_DIR']!;
  await vi.waitFor(
    async () => {
      expect(fetches(url)[1]?.bytesSent).toBe(at);
      const files = await readdir(workDir, { recursive: true });
      const parts = files.filter((name) => name.startsWith(hashOf(url)) && name.endsWith('.part'));
      const sizes = await Promise.all(parts.map(async (name) => (await stat(join(workDir, name))).size));
      expect(Math.max(0, ...sizes)).toBeGreaterThan(at / 2);
    },
    { timeout: 30_000, interval: 20 },
  );
};

const slowSize = async (): Promise<number> =>
  Number((await fetch(`${stack.site.url}/slow.mp4`, { method: 'HEAD' })).headers.get('content-length'));

describe('a download survives that its replica is killed', () => {
  it('while it looks at the page', async () => {
    await survives(address('/slow.mp4'), () => stack.site.hold('/slow.mp4', 0));
  });

  it.each([10, 90])('at %i %, and goes on from there', async (percent) => {
    const url = address('/slow.mp4');
    const at = Math.floor(((await slowSize()) * percent) / 100);
    await survives(url, () => downloadHeld(url, at));
    const resumed = stage.requestsFor(url).filter(({ range }) => /^bytes=[1-9]/u.test(range ?? ''));
    expect(resumed).not.toEqual([]);
  });

  it('while it converts', async () => {
    const url = address('/film.webm');
    await closeGate();
    await survives(url, async () => {
      const hash = hashOf(url);
      await vi.waitFor(
        async () =>
          expect(JSON.stringify(await redis.hgetall(redisKeys.ledger.job(hash)))).toContain('converting'),
        { timeout: 30_000, interval: 20 },
      );
    });
    // The successor looks again, and has the file.
    expect(fetches(url)).toHaveLength(3);
  });

  it('while it stores', async () => {
    const url = `${address('/padded.mp4')}&mb=200`;
    const incoming = join(stack.env('media-pirate')['MEDIA_STORE']!.replace('file://', ''), 'incoming');
    await survives(url, () =>
      vi.waitFor(async () => expect(await readdir(incoming).catch(() => [])).not.toEqual([]), {
        timeout: 60_000,
        interval: 5,
      }),
    );
  });

  it('after it is stored and before anybody was told', async () => {
    const url = address('/slow.mp4');
    await survives(url, async () => {
      await stack.site.hold('/slow.mp4', 100_000);
      // Both are in the ledger; without the broker nobody can be told.
      await vi.waitFor(
        async () => expect(await redis.hlen(redisKeys.ledger.askers(hashOf(url)))).toBe(2),
        20_000,
      );
      await stack.rabbitmq.stop();
      stack.site.release('/slow.mp4');
      await vi.waitFor(
        async () => expect(await redis.hexists(redisKeys.ledger.job(hashOf(url)), 'outcome')).toBe(1),
        { timeout: 30_000, interval: 20 },
      );
      void stack.rabbitmq.start();
    });
    expect(fetches(url)).toHaveLength(2);
  });

  it('after everybody was told', async () => {
    const url = address('/clip.mp4');
    const command = says(`.vdl ${url}`);
    const leader = await leaderOf(url);
    await stage.hears(videoReady, ({ media }) => media.sourceUrl === url);
    await leader.kill();
    isVideo(await stage.onlyAnswer(command));
  });

  it('and a replica that only slept is refused when it wakes', async () => {
    const url = address('/slow.mp4');
    const held = downloadHeld(url, 100_000);
    const command = says(`.vdl ${url}`);
    await held;
    const sleeper = await leaderOf(url);
    sleeper.pause();
    stack.site.release('/slow.mp4');
    isVideo(await stage.onlyAnswer(command));
    sleeper.resume();
    await vi.waitFor(async () => {
      const lines = (await readFile(sleeper.logFile, 'utf8')).split('\n');
      const refused = (line: string) => line.includes('not ours any more') && line.includes(hashOf(url));
      expect(lines.filter(refused)).toHaveLength(1);
    }, 20_000);
    await stage.onlyAnswer(command);
    expect(
      stage.heard.filter((one) => one.type === videoReady.type && JSON.stringify(one).includes(url)),
    ).toHaveLength(1);
  });
});

describe('one download', () => {
  it('answers a thousand people in two hundred chats, and goes to Telegram once', async () => {
    const url = address('/big.mp4');
    const spellings = [url, `${url}&utm_source=friend`];
    const crowd = createCrowd(stack, { chats: 200, users: 1000 });
    const uploaded = uploads();
    const commands = crowd.asks((n) => `.vdl ${spellings[n % 2]}`);
    expect(commands).toHaveLength(1000);
    for (const command of commands) isVideo(await stage.answer(command));
    await stage.idle();
    for (const command of commands) await stage.answer(command);
    expect(spellings.flatMap(fetches)).toHaveLength(2);
    // The file and its thumbnail.
    expect(uploaded.size).toBe(2);
    const topics = commands.filter(({ topic }) => topic !== undefined);
    expect(topics.length).toBeGreaterThan(0);
    for (const command of topics) expect((await stage.answer(command)).topic).toBe(command.topic);
  });

  it('that fails tells each of a hundred people why, once', async () => {
    const url = address('/missing');
    const crowd = createCrowd(stack, { chats: 20, users: 100 });
    const commands = crowd.asks(() => `.vdl ${url}`);
    for (const command of commands)
      expect((await stage.answer(command)).text).toMatch(/nothing at that link/u);
    await stage.idle();
    for (const command of commands) await stage.answer(command);
  });

  it('is asked for by one envelope that comes a hundred times', async () => {
    const url = address('/clip.mp4');
    const command = says(`.vdl ${url}`);
    const event = await stage.hears(videoDownload, ({ request }) => request.url === url);
    await Promise.all(Array.from({ length: 100 }, () => stage.put(event, event.type)));
    isVideo(await stage.onlyAnswer(command));
    expect(fetches(url)).toHaveLength(2);
  });

  it('serves both spellings that turn out to be the same', async () => {
    const query = new URL(address('/slow.mp4')).search;
    const [direct, short] = [
      `${stack.site.url}/slow.mp4${query}`,
      `${stack.site.url}/short/slow.mp4${query}`,
    ];
    const held = stack.site.hold('/slow.mp4', 100_000);
    const first = says(`.vdl ${direct}`);
    await held;
    const second = says(`.vdl ${short}`, 'bob');
    const same = redisKeys.ledger.same(hashOf(short));
    await vi.waitFor(async () => expect(await redis.get(same)).toBe(hashOf(direct)), 30_000);
    stack.site.release('/slow.mp4');
    const [one, two] = [await stage.onlyAnswer(first), await stage.onlyAnswer(second)];
    expect(await one.media?.sha256()).toBe(await two.media?.sha256());
    expect([one.text, two.text].map((text) => text.split('\n').at(-1))).toEqual([direct, short]);
    const ready = stage.heard.flatMap((event) =>
      event.type === videoReady.type ? [event.data as object] : [],
    );
    const keys = ready
      .filter((data) => JSON.stringify(data).includes(query))
      .map((data) => Reflect.get(data, 'object').key);
    expect(new Set(keys).size).toBe(1);
  });

  it('is not one where two addresses differ in the video alone', async () => {
    const [a, b] = ['aaa', 'bbb'].map((id) => says(`.vdl ${stack.site.url}/watch?v=${id}`));
    const [one, two] = [await stage.onlyAnswer(a!), await stage.onlyAnswer(b!)];
    expect(await one.media?.sha256()).not.toBe(await two.media?.sha256());
    expect([one.text, two.text]).toEqual([expect.stringContaining('aaa'), expect.stringContaining('bbb')]);
  });
});

describe('.cancel', () => {
  it('ends the download within two seconds when nobody is left', async () => {
    const url = address('/slow.mp4');
    const held = stack.site.hold('/slow.mp4', 100_000);
    const commands = [says(`.vdl ${url}`), says(`.vdl ${url}`, 'bob')];
    await held;
    await leaderOf(url);
    await vi.waitFor(
      async () => expect(await redis.hlen(redisKeys.ledger.askers(hashOf(url)))).toBe(2),
      20_000,
    );
    const bobs = stack.world.user('bob').in(filmClub()).says('.cancel', { replyTo: commands[1]! });
    expect((await stage.onlyAnswer(bobs)).text).toMatch(/^Done/u);
    expect((await stage.onlyAnswer(commands[1]!)).text).toMatch(/^Cancelled/u);
    expect(await stage.processesWith(url)).not.toEqual([]);
    const status = await filmClub().waitFor(
      (message) => message.replyTo === commands[0] && isStatus(message),
    );
    const alices = stack.world.user('alice').in(filmClub()).says('.cancel', { replyTo: status });
    await vi.waitFor(
      async () => expect(await redis.exists(redisKeys.ledger.job(hashOf(url)))).toBe(0),
      20_000,
    );
    await vi.waitFor(async () => expect(await stage.processesWith(url)).toEqual([]), soon);
    const folders = async () =>
      (await readdir(stack.env('media-pirate')['WORK_DIR']!)).filter((name) => name.startsWith(hashOf(url)));
    await vi.waitFor(async () => expect(await folders()).toEqual([]), soon);
    expect((await stage.onlyAnswer(commands[0]!)).text).toMatch(/^Cancelled/u);
    await stage.onlyAnswer(alices);
  });
});
