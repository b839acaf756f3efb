import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataOf, largeDownload, redisKeys } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { contentHash } from '@heavy/media';
import { type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;

const cookie = 'cookie-value-that-nobody-may-see';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  const cookies = join(dir, 'cookies.txt');
  const line = ['127.0.0.1', 'FALSE', '/', 'FALSE', '4102444800', 'session', cookie].join('\t');
  await writeFile(cookies, `# Netscape HTTP Cookie File\n${line}\n`);
  stack = await startStack({
    dir,
    // Nobody takes large downloads.
    services: ['gateway', 'logger', 'media-pirate', 'sender'],
    serviceEnv: {
      'media-pirate': {
        ...{ SMALL_MAX_BYTES: '3000000', MAX_BYTES: '8000000' },
        ...{ SMALL_MAX_DURATION_S: '1200', MAX_DURATION_S: '3600' },
        ...{ DOWNLOAD_TIMEOUT_MS: '40000', SOCKET_TIMEOUT_S: '3', RETRY_DELAYS_MS: '200,400' },
        ...{ DOWNLOADS_AT_ONCE: '2', PROGRESS_INTERVAL_MS: '200', YTDLP_COOKIES_FILE: cookies },
        LOG_LEVEL: 'trace',
      },
      sender: { STATUS_INTERVAL_MS: '300', RETRY_DELAYS_MS: '300,600' },
    },
  });
  stage = await createStage(stack);
  redis = new Redis(stack.redis.url);
}, 300_000);

afterAll(async () => {
  redis?.disconnect();
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
});

const pirate = () => stack.service('media-pirate');
const filmClub = () => stack.chats[0]!;
const says = (text: string, by = 'alice') => stack.world.user(by).in(filmClub()).says(text);
const cancels = (replyTo: WorldMessage, by: string) =>
  stack.world.user(by).in(filmClub()).says('.cancel', { replyTo });
let takes = 0;
/** An address that was not asked for before. */
const address = (path: string): string => {
  takes += 1;
  return `${stack.site.url}${path}${path.includes('?') ? '&' : '?'}take=${takes}`;
};
const isVideo = (message: WorldMessage) =>
  expect(message.media).toMatchObject({ kind: 'video', mime: 'video/mp4' });
const textOf = async (command: WorldMessage): Promise<string> => (await stage.onlyAnswer(command)).text;

/** No tool runs, and no download has a folder. */
const nothingIsLeft = () =>
  vi.waitFor(
    async () => {
      expect(await stage.processesWith(stack.site.url)).toEqual([]);
      const workDir = stack.env('media-pirate')['WORK_DIR']!;
      expect(await stage.processesWith(`${workDir}/`)).toEqual([]);
      expect((await readdir(workDir)).filter((name) => /^[0-9a-f]{64}/u.test(name))).toEqual([]);
      for (const pattern of ['media:job:*', 'media:askers:*', 'media:interest:*'])
        expect(await redis.keys(pattern)).toEqual([]);
    },
    { timeout: 30_000, interval: 100 },
  );

describe('what cannot be had', () => {
  const cases: [path: string, says: RegExp][] = [
    ['/big.mp4', /^That is too large for me: I take up to 8\.0 MB\./u],
    ['/padded.mp4?mb=5', /^That is too large for .*: they end at 3\.0 MB\./u],
    ['/long.mp4', /^That is too long for me: I take up to 60 minutes\./u],
    ['/endless.mp4', /^That is too large for .*: they end at 3\.0 MB\./u],
    ['/hls/endless.m3u8', /^That is too large for .*: they end at 3\.0 MB\./u],
    ['/silent-forever', /^The site is too slow, or stopped answering\./u],
    ['/hls/self.m3u8', /^That is a live stream\./u],
    ['/page.html', /^There is no video or music at that link/u],
    ['/forbidden', /^That is private, or only for people who are logged in/u],
    ['/status/451', /^The site does not show that in the country/u],
    ['/missing', /^There is nothing at that link/u],
    ['/gone', /^There is nothing at that link/u],
    ['/broken', /^The site cannot be reached, or has a fault of its own/u],
  ];
  let commands: Map<string, WorldMessage>;
  beforeAll(() => {
    commands = new Map(cases.map(([path]) => [path, says(`.vdl ${address(path)}`)]));
  });

  it.each(cases)('is a sentence that says why: %s', async (path, sentence) => {
    const { text } = await stage.answer(commands.get(path)!);
    expect(text).toMatch(sentence);
    expect(text).toMatch(/ \(id [0-9a-f]{8}\)$/u);
  });

  it('leaves no process, no folder and nobody who waits', nothingIsLeft);
});

describe('what leads into a private network', () => {
  it('is refused in words, and nobody ever goes there', async () => {
    const { port } = stack.canary;
    const urls = [
      `${stack.canary.url}/clip.mp4`,
      `http://localhost:${port}/clip.mp4`,
      `http://[::1]:${port}/clip.mp4`,
      `http://[::ffff:127.0.0.1]:${port}/clip.mp4`,
      `http://2130706433:${port}/clip.mp4`,
      `http://0x7f.1:${port}/clip.mp4`,
      'http://169.254.169.254/latest/meta-data/',
      ...['redirect', 'page', 'hls.m3u8', 'key.m3u8', 'init.m3u8', 'dash.mpd'].map((name) =>
        address(`/to-canary/${name}`),
      ),
    ];
    const commands = urls.map((url) => says(`.vdl ${url}`));
    for (const [index, command] of commands.entries())
      expect((await stage.answer(command)).text, urls[index]).toMatch(
        /^That link leads into a private network\./u,
      );
    expect(stack.canary.hits).toEqual([]);
    await nothingIsLeft();
  });
});

describe('a large download', () => {
  it('is handed on where somebody takes it, and those who asked wait on', async () => {
    const large = await stage.takes(largeDownload.type);
    const url = address('/padded.mp4?mb=5');
    const hash = contentHash({ url, kind: 'video' });
    const first = says(`.vdl ${url}`, 'bob');
    const handed = await vi.waitFor(() => {
      const [found] = large.taken;
      return found ?? Promise.reject(new Error('nothing was handed on'));
    }, 30_000);
    const data = handed.data as DataOf<typeof largeDownload>;
    expect(data).toMatchObject({ contentHash: hash, reason: 'too_large', request: { url, kind: 'video' } });
    expect(data.probe).toMatchObject({ sizeBytes: 5_000_000, title: 'padded' });
    expect(data.origin).toEqual(stage.originOf(first));

    const second = says(`.vdl ${url}`, 'carol');
    await vi.waitFor(async () => expect(await redis.hlen(redisKeys.ledger.askers(hash))).toBe(2), 20_000);
    const statuses = [await stage.status(first, /^…/u), await stage.status(second, /^…/u)];
    expect(await textOf(cancels(first, 'bob'))).toMatch(/^Done/u);
    expect(await textOf(first)).toMatch(/^Cancelled/u);
    expect(await redis.hlen(redisKeys.ledger.askers(hash))).toBe(1);
    expect(statuses[1]!.text).toMatch(/^… /u);
    expect(stage.requestsFor(url).length).toBeGreaterThan(0);
    const requests = stack.site.requests.length;
    expect(await textOf(cancels(statuses[1]!, 'carol'))).toMatch(/^Done/u);
    expect(await textOf(second)).toMatch(/^Cancelled/u);
    await large.stop();
    expect(large.taken).toHaveLength(1);
    expect(stack.site.requests.length).toBe(requests);
    await nothingIsLeft();
  });
});

describe('media-pirate', () => {
  it('lets new downloads wait while the disk is full, and says so', async () => {
    await pirate().restart({ DISK_FLOOR_BYTES: String(Number.MAX_SAFE_INTEGER) });
    const url = address('/clip.mp4');
    const command = says(`.vdl ${url}`);
    await stage.status(command, /^… waiting: the disk is full here$/u);
    const health = await (await fetch(`${pirate().url}/health`)).text();
    expect(health).toMatch(/bytes free, fewer than \d+: new downloads wait/u);
    expect(stage.requestsFor(url)).toEqual([]);
    await pirate().restart({ DISK_FLOOR_BYTES: '0' });
    isVideo(await stage.onlyAnswer(command));
  });
});

describe('no secret', () => {
  const password = 'proxy-password-that-nobody-may-see';
  /** An HTTP proxy that wants credentials, and notes which it was shown. */
  const startProxy = async () => {
    const shown: (string | undefined)[] = [];
    const server = createServer((incoming, response) => {
      shown.push(incoming.headers['proxy-authorization']);
      const { method, headers, url = '' } = incoming;
      const onward = request(url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      incoming.pipe(onward);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      shown,
      url: `http://heavy:${password}@127.0.0.1:${port}`,
      stop: async () => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      },
    };
  };

  it('of a proxy, a cookie, a session or a server stands in a log or in a chat', async () => {
    const proxy = await startProxy();
    await pirate().restart({ DOWNLOAD_PROXY_URL: proxy.url });
    isVideo(await stage.onlyAnswer(says(`.vdl ${address('/clip.mp4')}`)));
    expect(await textOf(says(`.vdl ${address('/missing')}`))).toMatch(/^There is nothing at that link/u);
    await proxy.stop();
    expect(await textOf(says(`.vdl ${address('/clip.mp4')}`))).toMatch(/ \(id [0-9a-f]{8}\)$/u);
    const basic = Buffer.from(`heavy:${password}`).toString('base64');
    expect(new Set(proxy.shown)).toEqual(new Set([`Basic ${basic}`]));

    const secrets = [
      ...[cookie, password, basic, 'guest:guest'],
      ...['gateway', 'sender'].map((name) => stack.env(name)['TELEGRAM_SESSION']!),
    ];
    // Those of a single download's way out too.
    const isTelling = (text: string) =>
      secrets.some((secret) => text.includes(secret)) || /[0-9a-f]{16}:[0-9a-f]{32}@/u.test(text);
    expect(await stage.logLines(isTelling)).toEqual([]);
    const said = [...stage.shown.values()].flat().map(({ text }) => text);
    expect(said.filter(isTelling)).toEqual([]);
    expect((await stage.logLines((line) => line.includes('"step":"answered"'))).length).toBeGreaterThan(20);
  });
});

describe('after all of it', () => {
  it('every command has had one answer that reads well, and nobody was where nobody may go', async () => {
    await stage.isInOrder();
    expect(stack.canary.hits).toEqual([]);
    await nothingIsLeft();
  });
});
