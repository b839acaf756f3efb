import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type MediaSite, startMediaSite } from '@heavy/stack';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';

let site: MediaSite;
beforeAll(async () => {
  site = await startMediaSite({ ffmpeg: inject('tools').ffmpeg });
});
afterEach(() => {
  for (const path of ['/clip.mp4', '/slow.mp4']) site.release(path);
});
afterAll(() => site.stop());

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

describe('startMediaSite', () => {
  it.each([
    ['/clip.mp4', ['h264', 'aac']],
    ['/film.webm', ['vp9', 'opus']],
    ['/big.mp4', ['h264', 'aac']],
    ['/song.mp3', ['mp3']],
    ['/silent.mp4', ['h264']],
    ['/hls/master.m3u8', ['h264', 'aac']],
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
});
