import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Canary, type MediaSite, startCanary, startMediaSite } from '@heavy/stack';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';

let canary: Canary;
let site: MediaSite;
const dir = mkdtempSync(join(tmpdir(), 'heavy-site-'));
beforeAll(async () => {
  const { ffmpeg } = inject('tools');
  canary = await startCanary({ ffmpeg });
  site = await startMediaSite({ ffmpeg, canaryUrl: canary.url });
});
afterEach(() => {
  for (const path of ['/clip.mp4', '/slow.mp4']) site.release(path);
});
afterAll(async () => {
  await Promise.all([site?.stop(), canary?.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${site.url}${path}`, { headers });
const bytes = async (path: string, headers?: Record<string, string>) =>
  Buffer.from(await (await get(path, headers)).arrayBuffer());
const lastRequest = (path: string) => site.requests.findLast((request) => request.path === path)!;

interface Probe {
  format: { duration: string; format_name: string };
  streams: { codec_name: string }[];
}
const probe = async (path: string): Promise<Probe> => {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', `${site.url}${path}`];
  const { stdout } = await promisify(execFile)(inject('tools').ffprobe, args);
  return JSON.parse(stdout) as Probe;
};

/** yt-dlp with its defaults; what it downloads goes to `dir`. */
const ytDlp = async (...args: string[]): Promise<string> => {
  const quiet = ['--ignore-config', '--no-cache-dir', '-q', '--no-warnings', '--no-update', '-P', dir];
  return (await promisify(execFile)(inject('tools').ytDlp, [...quiet, ...args])).stdout;
};

describe('startMediaSite', () => {
  it.each([
    ['/clip.mp4', ['h264', 'aac']],
    ['/film.webm', ['vp9', 'opus']],
    ['/big.mp4', ['h264', 'aac']],
    ['/song.mp3', ['mp3']],
    ['/silent.mp4', ['h264']],
    ['/hls/master.m3u8', ['h264', 'aac']],
    ['/padded.mp4', ['h264', 'aac']],
    ['/rangeless.mp4', ['h264', 'aac']],
  ])('serves %s, which holds %j and lasts 3 to 5 s', async (path, codecs) => {
    const { streams, format } = await probe(path);
    expect(streams.map((stream) => stream.codec_name)).toEqual(codecs);
    expect(Number(format.duration)).toBeGreaterThanOrEqual(2.9);
    expect(Number(format.duration)).toBeLessThanOrEqual(5.2);
  });

  it('has a big video of 10 MB', async () => {
    expect((await bytes('/big.mp4')).length / 1e6).toBeCloseTo(10, 0);
  });

  it('names the video of its page by Open Graph, with an address that works', async () => {
    const page = await (await get('/watch/sample')).text();
    expect(page).toContain('property="og:title"');
    const video = /property="og:video" content="([^"]+)"/u.exec(page)?.[1];
    expect((await fetch(video!)).headers.get('content-type')).toBe('video/mp4');
  });

  it.each([
    ['/missing', 404],
    ['/hls/medium99.ts', 404],
    ['/forbidden', 403],
    ['/gone', 410],
    ['/broken', 500],
    ['/page.html', 200],
    ['/status/451', 451],
    ['/status/503', 503],
    ['/status/999', 404],
    ['/padded.mp4?mb=none', 404],
    ['/watch', 404],
    ['/hls/low99.ts', 404],
  ])('answers %s with %i and a page', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it.each([
    ['bytes=100-199', 100, 199],
    ['bytes=100-', 100, undefined],
    ['bytes=-100', -100, undefined],
  ])('sends the part that %s asks for', async (range, start, last) => {
    const whole = await bytes('/clip.mp4');
    const response = await get('/clip.mp4', { range });
    const part = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(206);
    expect(part.equals(whole.subarray(start, last === undefined ? undefined : last + 1))).toBe(true);
    expect(response.headers.get('content-range')).toMatch(new RegExp(`^bytes \\d+-\\d+/${whole.length}$`));
  });

  it('answers 416 to a part beyond the end', async () => {
    const response = await get('/clip.mp4', { range: 'bytes=99999999-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toMatch(/^bytes \*\/\d+$/);
  });

  it('sends a held path up to the byte, and the rest once it is released', async () => {
    const whole = await bytes('/clip.mp4');
    const held = site.hold('/clip.mp4', 70_001);
    const response = await get('/clip.mp4');
    await held;
    expect(lastRequest('/clip.mp4')).toMatchObject({ bytesSent: 70_001, state: 'sending' });
    site.release('/clip.mp4');
    expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
    await vi.waitFor(() => expect(lastRequest('/clip.mp4').state).toBe('done'));
  });

  it('holds a resumed download at the same byte', async () => {
    const held = site.hold('/clip.mp4', 50_000);
    const response = await get('/clip.mp4', { range: 'bytes=49000-' });
    await held;
    expect(lastRequest('/clip.mp4').bytesSent).toBe(1000);
    site.release('/clip.mp4');
    await response.arrayBuffer();
  });

  it('notes a client that goes while it is held', async () => {
    const held = site.hold('/clip.mp4', 10);
    const client = new AbortController();
    const response = await fetch(`${site.url}/clip.mp4?once=1`, { signal: client.signal });
    await held;
    client.abort();
    await expect(response.arrayBuffer()).rejects.toThrow();
    await vi.waitFor(() =>
      expect(lastRequest('/clip.mp4')).toMatchObject({ state: 'cut', query: '?once=1' }),
    );
  });

  it('sends a throttled path no faster than that', async () => {
    site.throttle('/song.mp3', 100_000);
    const startedAt = performance.now();
    const { length } = await bytes('/song.mp3');
    const seconds = (performance.now() - startedAt) / 1000;
    site.throttle('/song.mp3', null);
    expect(seconds).toBeGreaterThan((length / 100_000) * 0.95);
  });

  it('never ends the endless video, and does not say how long it is', async () => {
    site.throttle('/endless.mp4', null);
    const clip = await bytes('/clip.mp4');
    const response = await get('/endless.mp4');
    expect(response.headers.get('content-length')).toBeNull();
    let received = 0;
    for await (const chunk of response.body!) {
      received += chunk.length;
      if (received > 3 * clip.length) break;
    }
    expect(received).toBeGreaterThan(3 * clip.length);
  });

  it('keeps to the rate that the address gives', async () => {
    const startedAt = performance.now();
    const { length } = await bytes('/song.mp3?rate=100000');
    expect((performance.now() - startedAt) / 1000).toBeGreaterThan((length / 100_000) * 0.95);
  });

  it('cuts the connection after so many bytes, and sends the rest to who comes again', async () => {
    const path = '/padded.mp4?mb=3&cut=1200000';
    const whole = await bytes('/padded.mp4?mb=3');
    let received = 0;
    const sentBefore = site.bytesSent('/padded.mp4');
    for (const expected of [1_200_000, 1_200_000, 600_000]) {
      const response = await get(path, { range: `bytes=${received}-` });
      const parts: Uint8Array[] = [];
      const reading = (async () => {
        for await (const part of response.body!) parts.push(part);
      })();
      if (expected === 1_200_000) await expect(reading).rejects.toThrow();
      else await reading;
      const part = Buffer.concat(parts);
      expect(part.equals(whole.subarray(received, received + expected))).toBe(true);
      received += part.length;
    }
    expect(site.bytesSent('/padded.mp4') - sentBefore).toBe(3_000_000);
  });

  it('refuses each so many requests of an address, and says when to come again', async () => {
    const answers = [];
    for (let nth = 1; nth <= 3; nth += 1) {
      const { status, headers } = await get('/song.mp3?busy=2&down=3&after=7');
      answers.push([status, headers.get('retry-after')]);
    }
    expect(answers).toEqual([
      [200, null],
      [429, '7'],
      [503, '7'],
    ]);
  });

  it('ignores ranges where the address says so', async () => {
    const { status } = await get('/song.mp3?ranges=no', { range: 'bytes=5-' });
    expect(status).toBe(200);
  });

  it.each(['/limited.mp4?mb=3', '/hls/low1.ts?mb=0.5'])(
    'has another file at %s once it was edited, and tells it by its validators',
    async (path) => {
      const [before, first] = [await bytes(path), await get(path)];
      site.edit(path.split('?')[0]!);
      const [after, second] = [await bytes(path), await get(path)];
      expect([after.length, after.equals(before)]).toEqual([before.length, false]);
      for (const name of ['etag', 'last-modified'])
        expect(second.headers.get(name)).not.toBe(first.headers.get(name));
      const ranged = (ifRange: string) => get(path, { range: 'bytes=5-', 'if-range': ifRange });
      expect((await ranged(first.headers.get('etag')!)).status).toBe(200);
      expect((await ranged(second.headers.get('etag')!)).status).toBe(206);
      expect((await probe(path)).streams).toHaveLength(2);
    },
  );

  it('hands the query of a playlist on to its segments', async () => {
    const playlist = await (await get('/hls/low.m3u8?cut=100')).text();
    expect(playlist).toContain('\nlow0.ts?cut=100\n');
    expect(playlist).not.toMatch(/^#.*cut=100/mu);
  });

  it('lists its addresses, each of which is there', async () => {
    const page = await (await get('/')).text();
    const paths = [...page.matchAll(/<a href="([^"]+)">/gu)].map(([, path]) => path!);
    expect(paths).toEqual(expect.arrayContaining(['/watch?v=aaa', '/feed.xml', '/to-canary/redirect']));
    for (const path of paths.filter((one) => one !== '/silent-forever')) {
      const response = await fetch(`${site.url}${path}`, { redirect: 'manual' });
      await response.body?.cancel();
      const refuses = ['/missing', '/forbidden', '/gone', '/broken', '/status/451'].includes(path);
      expect([path, response.status >= 400]).toEqual([path, refuses]);
    }
  });

  it('shows a video of its own to each of two ids, and the clip to every other', async () => {
    const shown = async (id: string) => {
      const printed = await ytDlp('-O', '%(title)s %(url)s', `${site.url}/watch?v=${id}`);
      const [, title, url] = /^(.*) (\S+)\n$/u.exec(printed)!;
      const { format, streams } = await probe(url!.slice(site.url.length));
      return { title, streams: streams.length, durationS: Math.round(Number(format.duration)) };
    };
    expect(await Promise.all(['aaa', 'bbb', 'ccc'].map(shown))).toEqual([
      { title: 'Video aaa', streams: 2, durationS: 2 },
      { title: 'Video bbb', streams: 2, durationS: 3 },
      { title: 'Video ccc', streams: 2, durationS: 4 },
    ]);
  });

  it('leads from a short address to the long one, with its query', async () => {
    const { status, headers } = await fetch(`${site.url}/short/watch?v=aaa&t=1`, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([302, '/watch?v=aaa&t=1']);
    const printed = await ytDlp('-O', '%(webpage_url)s', `${site.url}/short/clip.mp4?once=2`);
    expect(printed.trim()).toBe(`${site.url}/clip.mp4?once=2`);
  });

  it('has a feed that is a playlist of three for yt-dlp', async () => {
    const feed = JSON.parse(await ytDlp('--flat-playlist', '-J', `${site.url}/feed.xml`));
    expect(feed).toMatchObject({ _type: 'playlist', title: 'Sample feed' });
    expect(feed.entries.map(({ url }: { url: string }) => url.slice(site.url.length))).toEqual([
      ...['/clip.mp4', '/aaa.mp4', '/bbb.mp4'],
    ]);
  });

  it.each(['/formats', '/hls/ladder.m3u8'])(
    'has %s in three heights, of which one is fetched',
    async (path) => {
      const file = `ladder${path.length}.mp4`;
      const limit = ['-f', 'b[height<=360]', '-o', file];
      const heights = await ytDlp(
        '--no-simulate',
        '-O',
        '%(formats.:.height)j',
        ...limit,
        `${site.url}${path}`,
      );
      expect(JSON.parse(heights)).toEqual([180, 360, 720]);
      const args = [
        '-v',
        'error',
        '-of',
        'csv=p=0',
        '-select_streams',
        'v',
        '-show_entries',
        'stream=height',
      ];
      const { stdout } = await promisify(execFile)(inject('tools').ffprobe, [...args, join(dir, file)]);
      expect(stdout.trim()).toBe('360');
    },
  );

  it('sends a video of the size that is asked for', async () => {
    await ytDlp('-o', 'padded.mp4', `${site.url}/padded.mp4?mb=20`);
    expect(statSync(join(dir, 'padded.mp4')).size).toBe(20_000_000);
    const far = await get('/padded.mp4?mb=5000', { range: 'bytes=4999999990-' });
    expect(far.headers.get('content-range')).toBe('bytes 4999999990-4999999999/5000000000');
    expect(Buffer.from(await far.arrayBuffer())).toEqual(Buffer.alloc(10));
  });

  it('plays a video beyond 4 GB, whose box needs 64 bits', async () => {
    const { format, streams } = await probe('/padded.mp4?mb=5000');
    expect([streams.length, Number(format.duration)]).toEqual([2, 4]);
  });

  it('sends the rangeless video from its beginning, whatever part is asked for', async () => {
    const response = await get('/rangeless.mp4', { range: 'bytes=1000-' });
    expect([response.status, response.headers.get('accept-ranges')]).toEqual([200, null]);
    expect(Buffer.from(await response.arrayBuffer()).equals(await bytes('/clip.mp4'))).toBe(true);
  });

  it('sends the limited video at 5 MB/s a connection', async () => {
    const startedAt = performance.now();
    const items = await Promise.all([1, 2, 3, 4].map((item) => bytes(`/limited.mp4?mb=20&item=${item}`)));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(items.map(({ length }) => length)).toEqual(items.map(() => 20_000_000));
    expect(seconds).toBeGreaterThan(3.8);
    // One after the other would take 16 s.
    expect(seconds).toBeLessThan(15);
  });

  it('has a video of more than four hours', async () => {
    const { format } = await probe('/long.mp4');
    expect(Number(format.duration)).toBeGreaterThan(4 * 3600);
    expect((await bytes('/long.mp4')).length).toBeLessThan(500_000);
  });

  it('takes a request and never answers it', async () => {
    const client = new AbortController();
    const asked = fetch(`${site.url}/silent-forever`, { signal: client.signal });
    await vi.waitFor(() => expect(lastRequest('/silent-forever').state).toBe('sending'));
    client.abort();
    await expect(asked).rejects.toThrow('aborted');
    await vi.waitFor(() => expect(lastRequest('/silent-forever').state).toBe('cut'));
  });

  it('has an HLS video on which yt-dlp goes on and on', async () => {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const args = ['--ignore-config', '-q', '-o', join(dir, 'endless.mp4'), `${site.url}/hls/endless.m3u8`];
    execFile(inject('tools').ytDlp, args, { signal: stop.signal }, () => {});
    const segments = () => site.requests.filter(({ query }) => /^\?n=\d+$/u.test(query));
    await vi.waitFor(() => expect(segments().length).toBeGreaterThan(30), { timeout: 90_000 });
    expect(new Set(segments().map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('has a playlist that includes itself', async () => {
    expect(await (await get('/hls/self.m3u8')).text()).toContain('\nself.m3u8\n');
  });
});

describe('startCanary', () => {
  it('answers everything with a video, and notes who came', async () => {
    const before = canary.hits.length;
    const response = await fetch(`${canary.url}/any/thing?at=all`, { method: 'POST' });
    expect(Buffer.from(await response.arrayBuffer()).equals(await bytes('/clip.mp4'))).toBe(true);
    expect(canary.hits.slice(before)).toEqual([{ method: 'POST', path: '/any/thing?at=all' }]);
  });

  // Each leads there: a filter that keeps it unhit has kept something off.
  it.each([
    ['redirect', '/clip.mp4'],
    ['page', '/clip.mp4'],
    ['hls.m3u8', '/segment.ts'],
    ['key.m3u8', '/key'],
    ['init.m3u8', '/init.mp4'],
    ['dash.mpd', '/segment.m4s'],
  ])('is found by an unprotected yt-dlp through /to-canary/%s', async (name, path) => {
    const before = canary.hits.length;
    const args = ['--retries', '0', '--fragment-retries', '0', '-o', `${name}.%(ext)s`];
    // What comes of it does not matter.
    await ytDlp(...args, `${site.url}/to-canary/${name}`).catch(() => '');
    expect(canary.hits.slice(before)).toContainEqual({ method: 'GET', path });
  });

  it('is not known to a site that was not told of it', async () => {
    const other = await startMediaSite({ ffmpeg: inject('tools').ffmpeg });
    onTestFinished(() => other.stop());
    expect((await fetch(`${other.url}/to-canary/redirect`)).status).toBe(404);
    expect(await (await fetch(other.url)).text()).not.toContain('canary');
  });
});
