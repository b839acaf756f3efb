import { existsSync } from 'node:fs';
import type { AudioFormat, Quality } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { listingArguments, type YtDlpRequest, ytDlpArguments } from './yt-dlp-arguments.ts';

const request: YtDlpRequest = {
  url: '--exec=x',
  kind: 'video',
  ffmpegPath: '/opt/ff/ffmpeg',
  socketTimeoutS: 7,
};

/** The value after an option, or of the form `--option=value`. */
const optionOf = (args: string[], option: string): string | undefined =>
  args.find((one) => one.startsWith(`${option}=`))?.slice(option.length + 1) ??
  (args.includes(option) ? args[args.indexOf(option) + 1] : undefined);

describe('ytDlpArguments', () => {
  it('ends with the URL after --, so that none is an option', () => {
    expect(ytDlpArguments(request).slice(-2)).toEqual(['--', '--exec=x']);
    expect(listingArguments(request).slice(-2)).toEqual(['--', '--exec=x']);
  });

  it('shuts out configuration, plug-ins of others, commands, cookies, playlists and live streams', () => {
    const line = ytDlpArguments(request).join(' ');
    for (const part of [
      ...['--ignore-config', '--no-plugin-dirs', '--no-exec', '--no-cookies-from-browser', '--no-playlist'],
      ...['-I 1:2', '--max-downloads 1', '--match-filters !is_live & n_entries<=?1', '--socket-timeout 7'],
      ...['--restrict-filenames', '--ffmpeg-location /opt/ff'],
    ])
      expect(line).toContain(` ${part}`.trimStart());
    for (const part of [
      ...['--enable-file-urls', '--netrc', '--write-link', 'aria2c', 'curl', '--proxy', '--cookies '],
      '--cookies=',
    ])
      expect(line).not.toContain(part);
  });

  it('takes in our own plug-ins, after all others are shut out', () => {
    const args = ytDlpArguments(request);
    expect(args.indexOf('--plugin-dirs')).toBeGreaterThan(args.indexOf('--no-plugin-dirs'));
    expect(existsSync(optionOf(args, '--plugin-dirs')!)).toBe(true);
  });

  it.each([
    [false, '3', undefined],
    [true, '10', 'linear=0:2:0.5'],
  ])('tries again where it is to persist: %j, %s times', (persistent, times, sleep) => {
    const args = ytDlpArguments({ ...request, persistent });
    for (const option of ['--retries', '--fragment-retries']) expect(optionOf(args, option)).toBe(times);
    expect(optionOf(args, '--retry-sleep')).toBe(sleep);
  });

  it('leaves no protocol to a program that would go around the proxy', () => {
    const args = ytDlpArguments(request);
    expect(optionOf(args, '--downloader')).toBe('rtmp:ffmpeg');
    expect(optionOf(args, '--downloader-args')).toMatch(/^ffmpeg_i:-protocol_whitelist (?!.*rtmp)/);
  });

  it('sends its traffic through the proxy that it is given', () => {
    const proxied = { ...request, proxyUrl: 'http://127.0.0.1:3128' };
    for (const args of [ytDlpArguments(proxied), listingArguments(proxied)])
      expect(optionOf(args, '--proxy')).toBe('http://127.0.0.1:3128');
  });

  it.each([
    [undefined, 'res:1080,vcodec:h264,acodec:aac,ext:mp4:m4a'],
    ['720p', 'res:720,vcodec:h264,acodec:aac,ext:mp4:m4a'],
    ['best', 'res,vcodec:h264,acodec:aac,ext:mp4:m4a'],
  ] as [Quality | undefined, string][])('sorts the formats of a video for %s by %s', (quality, sorting) => {
    expect(optionOf(ytDlpArguments({ ...request, ...(quality ? { quality } : {}) }), '-S')).toBe(sorting);
  });

  it.each([
    [undefined, undefined],
    ['m4a', 'acodec:aac'],
    ['opus', 'acodec:opus'],
  ] as [AudioFormat | undefined, string | undefined][])(
    'prefers for %s the sound that can be copied',
    (format, sorting) => {
      const args = ytDlpArguments({ ...request, kind: 'audio', ...(format ? { format } : {}) });
      expect(optionOf(args, '-f')).toBe('ba/b/ba*');
      expect(optionOf(args, '-S')).toBe(sorting);
    },
  );

  it('asks for one entry where one is asked for', () => {
    expect(optionOf(ytDlpArguments({ ...request, item: 12 }), '-I')).toBe('12');
  });

  it('takes what a profile sets, and none of it as an option of its own', () => {
    const evil = '--exec=touch x';
    const args = ytDlpArguments({
      ...request,
      cookiesFile: '/job/cookies.txt',
      profile: {
        ...{ format: evil, extractorArgs: [evil, 'youtube:player_client=web'], userAgent: evil },
        ...{ referer: evil, headers: { 'X-Name': evil }, rateLimit: '5M', sleepRequestsS: 1.5 },
        concurrentFragments: 9,
      },
    });
    expect(args.filter((one) => one.startsWith('--exec'))).toEqual(['--exec=x']);
    expect(args).toEqual(
      expect.arrayContaining([
        ...[`--format=${evil}`, `--extractor-args=${evil}`, '--extractor-args=youtube:player_client=web'],
        ...[`--user-agent=${evil}`, `--referer=${evil}`, `--add-headers=X-Name:${evil}`, '--limit-rate=5M'],
        ...['--sleep-requests=1.5', '--cookies=/job/cookies.txt'],
      ]),
    );
    expect(optionOf(args, '--concurrent-fragments')).toBe('9');
  });
});
