import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { redisKeys, videoReady } from '@heavy/contracts';
import type { WorldChat, WorldMessage } from '@heavy/local-telegram';
import { contentHash } from '@heavy/media';
import { type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, isStatus, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;

const statusIntervalMs = 500;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    dir,
    serviceEnv: {
      'media-pirate': {
        ...{ PROGRESS_INTERVAL_MS: '200', RETRY_DELAYS_MS: '300,600', DOWNLOADS_AT_ONCE: '1' },
        SHUTDOWN_GRACE_MS: '2000',
      },
      sender: { STATUS_INTERVAL_MS: String(statusIntervalMs), RETRY_DELAYS_MS: '300,600' },
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
  for (const path of ['/slow.mp4', '/big.mp4']) stack.site.release(path);
  stack.site.throttle('/slow.mp4', null);
  stack.telegram.faults.clear();
  await pirate().start();
});

const pirate = () => stack.service('media-pirate');
const filmClub = (): WorldChat => stack.chats[0]!;
const cinema = (): WorldChat => stack.chats[1]!;
/** alice is the admin. */
const voice = (by = 'alice', chat = filmClub()) => stack.world.user(by).in(chat);
const says = (text: string, by = 'alice', chat = filmClub()) => voice(by, chat).says(text);
const replies = (text: string, replyTo: WorldMessage, by = 'alice') =>
  voice(by, replyTo.chat).says(text, { replyTo });
let takes = 0;
/** An address that was not asked for before. */
const address = (path: string): string => {
  takes += 1;
  return `${stack.site.url}${path}?take=${takes}`;
};
const isVideo = (message: WorldMessage) =>
  expect(message.media).toMatchObject({ kind: 'video', mime: 'video/mp4' });
const textOf = async (command: WorldMessage): Promise<string> => (await stage.onlyAnswer(command)).text;
const waiting = (hash: string) => redis.hlen(redisKeys.ledger.askers(hash));
const hashOf = (url: string) => contentHash({ url, kind: 'video' });
/** Somebody asks for what does not come before it is let go: the only slot is taken. */
const holdsTheSlot = async (by = 'alice') => {
  const url = address('/slow.mp4');
  const held = stack.site.hold('/slow.mp4', 100_000);
  const command = says(`.vdl ${url}`, by);
  await held;
  return { url, command };
};
/** Counts the parts of files that go up from now on. */
const countUploads = (): { parts: number } => {
  const seen = { parts: 0 };
  const match = () => {
    seen.parts += 1;
    return false;
  };
  for (const method of ['upload.SaveFilePart', 'upload.SaveBigFilePart'])
    stack.telegram.faults.add({ method, match, drop: 'before' });
  return seen;
};

describe('what is asked for', () => {
  it('is a video of that quality, and each quality is an object of its own', async () => {
    const url = address('/hls/ladder.m3u8');
    const commands = ['', ' 360p', ' best'].map((quality) => says(`.vdl ${url}${quality}`));
    const heights: (number | undefined)[] = [];
    for (const command of commands) heights.push((await stage.onlyAnswer(command)).media?.height);
    expect(heights).toEqual([720, 360, 720]);
    const keys = stage.heard.flatMap((event) =>
      event.type === videoReady.type && JSON.stringify(event).includes(url)
        ? [Reflect.get(event.data as object, 'object').key as string]
        : [],
    );
    expect(new Set(keys).size).toBe(3);
  });

  it.each([
    [' opus', 'opus', 'audio/ogg', 'opus'],
    [' m4a', 'm4a', 'audio/mp4', 'aac'],
    ['', 'mp3', 'audio/mpeg', 'mp3'],
  ])('is a sound of that format: .adl <link>%s', async (words, extension, mime, codec) => {
    const answer = await stage.onlyAnswer(says(`.adl ${address('/clip.mp4')}${words}`));
    expect(answer.media).toMatchObject({ kind: 'audio', mime, title: 'clip', voice: false });
    expect(answer.media?.fileName).toMatch(new RegExp(`\\.${extension}$`, 'u'));
    expect(answer.media?.durationS).toBe(4);
    const fields = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)(stack.tools.ffprobe, [...fields, answer.media!.path]);
    expect(stdout.trim()).toBe(codec);
  });

  it('may stand in the message replied to, and the quality in the reply', async () => {
    const link = says(`look: ${address('/hls/ladder.m3u8')}`, 'bob');
    expect((await stage.onlyAnswer(replies('.vdl 360p', link))).media).toMatchObject({ height: 360 });
  });

  it('is found among other words', async () => {
    const url = address('/hls/ladder.m3u8');
    const answer = await stage.onlyAnswer(says(`.vdl please get me (${url}), in 360p, thanks!`));
    expect(answer.media).toMatchObject({ height: 360 });
    expect(answer.text).toContain(url);
  });

  it('is found behind a text link, in the command and in what it replies to', async () => {
    const [own, quoted] = [address('/clip.mp4'), address('/clip.mp4')];
    const behind = (text: string, word: string, url: string) => ({
      entities: [{ type: 'text_link' as const, offset: text.indexOf(word), length: word.length, url }],
    });
    const text = '.vdl this one 🎬 here';
    const command = voice().says(text, behind(text, 'here', own));
    const post = '🎬 watch it now';
    const link = voice('bob').says(post, behind(post, 'watch', quoted));
    const reply = replies('.vdl', link, 'carol');
    for (const [one, url] of [
      [command, own],
      [reply, quoted],
    ] as const) {
      const answer = await stage.onlyAnswer(one);
      isVideo(answer);
      expect(answer.text).toContain(url);
    }
  });

  it('is an entry of a playlist where its number is given, and else a sentence that says how', async () => {
    const feed = `${stack.site.url}/feed.xml`;
    const [whole, second, ninth] = ['', ' #2', ' #9'].map((item) => says(`.vdl ${feed}${item}`));
    expect(await textOf(whole!)).toMatch(/^That is a playlist of 3 entries\. .*\.vdl <link> #2/u);
    expect((await stage.onlyAnswer(second!)).media).toMatchObject({ width: 320, height: 240 });
    expect(await textOf(ninth!)).toMatch(/^That is a playlist of 3 entries\./u);
  });

  it('is not fetched again for its sound', async () => {
    const url = address('/clip.mp4');
    await stage.onlyAnswer(says(`.vdl ${url}`));
    const before = stack.site.requests.length;
    expect((await stage.onlyAnswer(says(`.adl ${url}`, 'bob'))).media).toMatchObject({
      kind: 'audio',
      mime: 'audio/mpeg',
    });
    expect(stack.site.requests.length).toBe(before);
  });

  it('is neither fetched nor uploaded again for somebody else', async () => {
    const url = address('/clip.mp4');
    const first = await stage.onlyAnswer(says(`.vdl ${url}`));
    const [before, uploads] = [stack.site.requests.length, countUploads()];
    const second = await stage.onlyAnswer(says(`.vdl ${url}`, 'bob', cinema()));
    isVideo(second);
    expect(second.media?.id).toBe(first.media?.id);
    expect([stack.site.requests.length, uploads.parts]).toEqual([before, 0]);
    const store = stack.env('media-pirate')['MEDIA_STORE']!.replace('file://', '');
    for (const folder of ['entries', 'data']) await rm(join(store, folder), { recursive: true });
    isVideo(await stage.onlyAnswer(says(`.vdl ${url}`, 'carol')));
  });
});

describe('the status message', () => {
  const phaseOf = (text: string) =>
    (/^… (queued|looking|downloading|converting|storing|uploading)/u.exec(text) ?? [text])[1];
  const percentOf = (text: string) => Number(/ (\d+) % of /u.exec(text)?.[1] ?? -1);
  const phases = ['queued', 'looking', 'downloading', 'converting', 'storing', 'uploading'];

  /** What it has said reads in the order of the work, no percentage falls, and it was never edited too soon. */
  const isTrue = (command: WorldMessage): string[] => {
    const said = stage.statuses(command);
    const order = said.map(({ text }) => phases.indexOf(phaseOf(text)!));
    const about = said.map(({ text }) => text).join('\n');
    expect(order, about).toEqual([...order].sort((a, b) => a - b));
    for (const [index, { text, at }] of said.entries()) {
      const before = said[index - 1];
      if (!before) continue;
      // The times are those at which Telegram got them: a call that is late comes closer to the next one, and three do so
      // less than one. Without any pause they would come as often as the progress, three in 600 ms.
      const third = said[index - 3];
      if (third) expect(at - third.at, about).toBeGreaterThan(1.6 * statusIntervalMs);
      if (phaseOf(before.text) === phaseOf(text))
        expect(percentOf(text), about).toBeGreaterThanOrEqual(percentOf(before.text));
    }
    return said.map(({ text }) => text);
  };

  it('tells how far it is while it comes, and goes when the video is there', async () => {
    const bytes = (await fetch(`${stack.site.url}/slow.mp4`, { method: 'HEAD' })).headers.get(
      'content-length',
    );
    stack.site.throttle('/slow.mp4', Number(bytes) / 6);
    const command = says(`.vdl ${address('/slow.mp4')}`);
    const status = await stage.status(command, /^… queued/u);
    isVideo(await stage.onlyAnswer(command));
    expect(status.deleted).toBe(true);
    const texts = isTrue(command);
    expect(texts[0]).toMatch(/^… queued/u);
    expect(texts).toContain('… looking at the link');
    const shares = texts.filter((text) => /^… downloading [▰▱]{10} \d+ % of \d+\.\d MB/u.test(text));
    expect(shares.length, texts.join('\n')).toBeGreaterThan(3);
    expect(new Set(shares.map(percentOf)).size).toBeGreaterThan(3);
    expect(
      texts.some((text) => /, \d+(\.\d)? [KM]B\/s, \d+ s left$/u.test(text)),
      texts.join('\n'),
    ).toBe(true);
  });

  it('becomes the sentence when it fails', async () => {
    const command = says(`.vdl ${address('/missing')}`);
    const status = await stage.status(command, /^…/u);
    const answer = await stage.onlyAnswer(command);
    expect(answer).toBe(status);
    expect(answer.text).toMatch(/^There is nothing at that link.* \(id [0-9a-f]{8}\)$/u);
    isTrue(command);
  });

  it('tells the place in line, and when it has moved', async () => {
    const { command: first } = await holdsTheSlot();
    const held = stack.site.hold('/big.mp4', 1_000_000);
    const second = says(`.vdl ${address('/big.mp4')}`, 'bob');
    await stage.status(second, /^… queued, next in line$/u);
    const third = says(`.vdl ${address('/clip.mp4')}`, 'carol', cinema());
    await stage.status(third, /^… queued, 2nd in line$/u);
    stack.site.release('/slow.mp4');
    isVideo(await stage.answer(first));
    await held;
    await stage.status(third, /^… queued, next in line$/u);
    await stage.status(second, /^… downloading/u);
    stack.site.release('/big.mp4');
    for (const command of [second, third]) isVideo(await stage.onlyAnswer(command));
    for (const command of [first, second, third]) isTrue(command);
  });
});

describe('.why', () => {
  /** Asks until the log, which is written a little later than the chat, tells it to its end. */
  const why = (ask: () => WorldMessage, end: RegExp): Promise<string> =>
    vi.waitFor(
      async () => {
        const text = (await stage.answer(ask())).text;
        expect(text).toMatch(end);
        return text;
      },
      { timeout: 20_000, interval: 500 },
    );
  const inOrder = (text: string, steps: readonly RegExp[]) => {
    const lines = text.split('\n');
    const places = steps.map((step) => lines.findIndex((line) => step.test(line)));
    expect(places, text).not.toContain(-1);
    expect(places, text).toEqual([...places].sort((a, b) => a - b));
    for (const line of lines.slice(1, -1)) expect(line).toMatch(/^\d\d:\d\d:\d\d {2}(\+[\d.]+ \S.* {2})?\S/u);
    expect(lines.at(-1)).toBe('Times are UTC.');
  };

  it('tells of a video', async () => {
    const url = address('/film.webm');
    const command = says(`.vdl ${url} 480p`, 'bob');
    const video = await stage.onlyAnswer(command);
    const text = await why(() => replies('.why', video, 'carol'), /answered\n/u);
    expect(text.split('\n')[0]).toMatch(
      new RegExp(`^[0-9a-f]{8}, \\.vdl ${url.replace('?', '\\?')} 480p$`, 'u'),
    );
    inOrder(text, [
      /received from Bob/u,
      /looking/u,
      /downloading/u,
      /converting/u,
      /stored, /u,
      /answered$/u,
    ]);
  });

  it('tells of a failure, by its id too, and in other chats to admins only', async () => {
    const failure = await stage.onlyAnswer(says(`.vdl ${address('/missing')}`, 'bob'));
    const [, id = ''] = /\(id ([0-9a-f]{8})\)$/u.exec(failure.text) ?? [];
    const steps = [/received from Bob/u, /looking/u, /failed: not found/u, /answered: not found$/u];
    inOrder(await why(() => replies('.why', failure, 'carol'), /answered/u), steps);
    inOrder(await textOf(says(`.why ${id}`, 'carol')), steps);
    expect(await textOf(says(`.why ${id}`, 'carol', cinema()))).toMatch(/^I know nothing of /u);
    inOrder(await textOf(says(`.why ${id}`, 'alice', cinema())), steps);
    expect(await textOf(says('.why', 'carol'))).toMatch(/^Reply with \.why/u);
    expect(await textOf(says('.why 00000000', 'carol'))).toMatch(/^I know nothing of 00000000/u);
  });

  it('tells of what is still in progress, and of what waits', async () => {
    const { command: first } = await holdsTheSlot('bob');
    const second = says(`.vdl ${address('/clip.mp4')}`, 'carol');
    const status = await stage.status(first, /^… downloading/u);
    const text = await why(() => replies('.why', status, 'carol'), /downloading/u);
    inOrder(text, [/received from Bob/u, /looking/u, /downloading/u]);
    expect(text).not.toMatch(/answered|failed/u);
    const place = await stage.status(second, /^… queued, next in line$/u);
    inOrder(await why(() => replies('.why', place, 'carol'), /queued/u), [
      /received from Carol/u,
      /queued, 1st in line/u,
    ]);
    stack.site.release('/slow.mp4');
    for (const command of [first, second]) isVideo(await stage.onlyAnswer(command));
  });
});

describe('.cancel', () => {
  it('takes out of the line what waits in it, for whoever asked and for an admin', async () => {
    const { command: first } = await holdsTheSlot();
    const [one, two] = [address('/clip.mp4'), address('/clip.mp4')];
    const [bobs, carols] = [says(`.vdl ${one}`, 'bob'), says(`.vdl ${two}`, 'carol')];
    const place = await stage.status(bobs, /^… queued, (next|2nd) in line$/u);
    await stage.status(carols, /^… queued, (next|2nd) in line$/u);

    expect(await textOf(replies('.cancel', bobs, 'carol'))).toMatch(
      /^You can cancel only what you asked for/u,
    );
    expect(await textOf(replies('.cancel all', bobs, 'bob'))).toMatch(
      /^Only an admin can cancel for everybody/u,
    );
    expect(await textOf(says('.cancel', 'bob'))).toMatch(/^There is nothing to cancel/u);
    expect(isStatus(place)).toBe(true);

    expect(await textOf(replies('.cancel', place, 'bob'))).toMatch(/^Done: that is cancelled/u);
    expect(await stage.onlyAnswer(bobs)).toBe(place);
    expect(place.text).toMatch(/^Cancelled\. \(id [0-9a-f]{8}\)$/u);
    expect(await textOf(replies('.cancel', carols))).toMatch(/^Done/u);
    expect(await textOf(carols)).toMatch(/^Cancelled/u);
    expect(await textOf(replies('.cancel', carols))).toMatch(/^There is nothing to cancel/u);
    stack.site.release('/slow.mp4');
    isVideo(await stage.onlyAnswer(first));
    expect([one, two].flatMap(stage.requestsFor)).toEqual([]);
  });

  it('by an admin may be for all who wait, in whatever chat', async () => {
    const url = address('/slow.mp4');
    const held = stack.site.hold('/slow.mp4', 100_000);
    const commands = [
      says(`.vdl ${url}`, 'bob'),
      says(`.vdl ${url}`, 'carol'),
      says(`.vdl ${url}`, 'bob', cinema()),
    ];
    await held;
    await vi.waitFor(async () => expect(await waiting(hashOf(url))).toBe(3), 20_000);
    expect(await textOf(replies('.cancel all', commands[1]!))).toMatch(/^Done/u);
    for (const command of commands) expect(await textOf(command)).toMatch(/^Cancelled/u);
    await vi.waitFor(async () => expect(await stage.processesWith(url)).toEqual([]));
  });

  it('that overtakes its command ends in one outcome of each', async () => {
    await pirate().stop();
    const url = address('/slow.mp4');
    void stack.site.hold('/slow.mp4', 0);
    const command = says(`.vdl ${url}`, 'bob');
    const cancel = replies('.cancel', command, 'bob');
    await pirate().start();
    expect(await textOf(cancel)).toMatch(/^Done: that is cancelled/u);
    expect(await textOf(command)).toMatch(/^Cancelled/u);
    expect(await redis.exists(redisKeys.ledger.job(hashOf(url)))).toBe(0);
  });
});

describe('after all of it', () => {
  it('every command has had one answer that reads well', async () => {
    await stage.isInOrder();
  });
});
