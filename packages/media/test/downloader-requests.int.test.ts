import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { DownloadProgress, Probed } from '../src/index.ts';
import { failureOf, look, useDownloads } from './download-stage.ts';

const tools = inject('tools');
const stage = useDownloads();
const { order } = stage;

/** What the caller is told before the first byte of the media. */
const probedOf = async (...request: Parameters<typeof order>): Promise<Probed> => {
  const probes: Probed[] = [];
  const [path, more] = request;
  await stage.downloader().download(order(path, { ...more, onProbed: (probed) => probes.push(probed) }));
  expect(probes).toHaveLength(1);
  return probes[0]!;
};

describe('download of a quality', () => {
  it.each([
    [undefined, 1280],
    ['720p', 1280],
    ['480p', 640],
    ['144p', 320],
    ['best', 200],
  ] as const)('%s takes the largest that is not larger, else the smallest', async (quality, width) => {
    const video = await stage.downloader().download(order('/variants.m3u8', quality ? { quality } : {}));
    expect(video.width).toBe(width);
    expect(video.videoCodec).toBe('h264');
  });

  it('takes what there is where there is no choice', async () => {
    expect(await stage.downloader().download(order('/large.mp4', { quality: '144p' }))).toMatchObject({
      ...{ width: 1280, videoCodec: 'h264', audioCodec: 'aac' },
    });
  });
});

describe('download of a sound in a format', () => {
  it.each([
    ['m4a', '/fast.mp4', 'aac', 'audio/mp4', 'mov,mp4,m4a,3gp,3g2,mj2'],
    ['m4a', '/sound.mp3', 'aac', 'audio/mp4', 'mov,mp4,m4a,3gp,3g2,mj2'],
    ['opus', '/sound.opus', 'opus', 'audio/ogg', 'ogg'],
    ['opus', '/fast.mp4', 'opus', 'audio/ogg', 'ogg'],
    ['mp3', '/sound.m4a', 'mp3', 'audio/mpeg', 'mp3'],
  ] as const)('makes %s of %s', async (format, path, codec, mime, container) => {
    const sound = await stage.downloader().download(order(path, { kind: 'audio', format }));
    const { streams, tags, formats } = await look(sound.path);
    expect(streams.map((one) => one.codec_name)).toEqual([codec]);
    expect(formats).toBe(container);
    // Ogg has its tags in the stream.
    expect({ ...tags, ...streams[0]!.tags }).toMatchObject({ title: sound.title });
    expect(sound).toMatchObject({ mime, extension: format, audioCodec: codec });
    expect(sound.path.endsWith(`.${format}`)).toBe(true);
    expect(Math.abs(sound.durationS - 2)).toBeLessThan(0.2);
    const bytes = await readFile(sound.path);
    if (format === 'm4a')
      expect(bytes.indexOf('moov', 0, 'latin1')).toBeLessThan(bytes.indexOf('mdat', 0, 'latin1'));
  });
});

describe('download of a playlist', () => {
  it.each([
    ['a feed', '/feed.xml', 3],
    ['a page with two videos', '/two-videos.html', 2],
  ])('ends with the number of its entries, and nothing of them: %s', async (_name, path, count) => {
    const failure = await failureOf(stage.downloader().download(order(path)));
    expect(failure).toMatchObject({ code: 'playlist', context: { subject: '127.0.0.1', count } });
    const source = await stat(join(stage.workDir, 'job.1', 'source'));
    expect(source.isDirectory()).toBe(true);
    await expect(stat(join(stage.workDir, 'job.1', 'source', 'media.mp4'))).rejects.toThrow('ENOENT');
  });

  it.each([
    ['a feed', '/feed.xml', 'Part 2'],
    ['a page with two videos', '/two-videos.html', 'A page (2)'],
  ])('takes the entry that was asked for: %s', async (_name, path, title) => {
    const video = await stage.downloader().download(order(path, { item: 2 }));
    expect(video).toMatchObject({ title, width: 1280 });
    expect(video.webpageUrl).not.toContain('smuggle');
  });

  it.each([
    ['a feed', '/feed.xml', 4, 3],
    ['a page with two videos', '/two-videos.html', 3, 2],
    ['a file', '/fast.mp4', 2, 1],
  ])('ends with the number of its entries where it has fewer: %s', async (_name, path, item, count) => {
    const failure = await failureOf(stage.downloader().download(order(path, { item })));
    expect(failure).toMatchObject({ code: 'playlist', context: { count } });
  });

  it('takes the only entry, and the only video among pictures', async () => {
    expect(await stage.downloader().download(order('/feed-of-one.xml'))).toMatchObject({ title: 'Part 1' });
    expect(await stage.downloader().download(order('/one-video.html', { attempt: '2' }))).toMatchObject({
      width: 320,
    });
  });

  it('ends with unsupported where it has none', async () => {
    expect((await failureOf(stage.downloader().download(order('/feed-of-none.xml')))).code).toBe(
      'unsupported',
    );
  });

  // As a site does that yt-dlp knows: pictures are entries without formats, or there is no list but a way to the next.
  const extractor = `import itertools, sys
import yt_dlp
from yt_dlp.extractor import extractors, common
class PostIE(common.InfoExtractor):
    _VALID_URL = r'(?P<root>http://[^/]+)/post/(?P<id>.+)'
    def _real_extract(self, url):
        root, post = self._match_valid_url(url).group('root', 'id')
        video = lambda n: {'id': f'{post}-{n}', 'title': f'Video {n}', 'url': f'{root}/fast.mp4', 'ext': 'mp4'}
        picture = lambda n: {'id': f'{post}-{n}', 'title': f'Picture {n}'}
        if post.startswith('paged'):
            return self.playlist_result((video(n) for n in range(1, int(post[5:]) + 1)), post)
        entries = [(video if kind == 'v' else picture)(n) for n, kind in enumerate(post, 1)]
        return self.playlist_result(entries, post)
yt_dlp.extractor.import_extractors()
from yt_dlp.globals import extractors as known
known.value = {'PostIE': PostIE, **known.value}
sys.exit(yt_dlp.main())
`;
  const withPosts = async () => {
    const program = join(stage.workDir, 'yt-dlp-with-posts');
    await writeFile(program, `#!${join(dirname(tools.ytDlp), 'python')}\n${extractor}`);
    await chmod(program, 0o755);
    return stage.downloader({}, { ytDlpPath: program });
  };

  it('takes the one video of a post, wherever it stands among pictures', async () => {
    const downloader = await withPosts();
    for (const attempt of ['1', '1-again'])
      expect(await downloader.download(order('/post/ppvp', { attempt }))).toMatchObject({
        ...{ title: 'Video 3', mediaId: 'ppvp-3' },
      });
    expect(await downloader.download(order('/post/vp', { attempt: '2' }))).toMatchObject({
      title: 'Video 1',
    });
    const failure = await failureOf(downloader.download(order('/post/pvvp', { attempt: '3' })));
    expect(failure).toMatchObject({ code: 'playlist', context: { count: 4 } });
    expect((await failureOf(downloader.download(order('/post/ppp', { attempt: '4' })))).code).toBe(
      'unsupported',
    );
  });

  it('counts the entries of one that is read page by page, as far as it looks', async () => {
    const downloader = await withPosts();
    const short = await failureOf(downloader.download(order('/post/paged5')));
    expect(short).toMatchObject({ code: 'playlist', context: { count: 5 } });
    const long = await failureOf(downloader.download(order('/post/paged500', { attempt: '2' })));
    expect(long.code).toBe('playlist');
    expect(long.context).not.toHaveProperty('count');
    expect(await downloader.download(order('/post/paged1', { attempt: '3' }))).toMatchObject({
      title: 'Video 1',
    });
    const beyond = await failureOf(downloader.download(order('/post/paged5', { attempt: '4', item: 6 })));
    expect(beyond).toMatchObject({ code: 'playlist', context: { count: 5 } });
  });
});

describe('what is known before the first byte', () => {
  it('is said once, between probing and downloading', async () => {
    const events: string[] = [];
    const onProgress = ({ phase }: DownloadProgress) => {
      if (events.at(-1) !== phase) events.push(phase);
    };
    await stage
      .downloader()
      .download(order('/fast.mp4', { onProgress, onProbed: ({ title }) => events.push(`probed ${title}`) }));
    expect(events).toEqual(['probing', 'probed fast', 'downloading', 'converting']);
  });

  it('is the same for one file by its URL, a redirect, a page and a feed', async () => {
    const { identity } = await probedOf('/fast.mp4');
    expect(identity).toMatch(/^Generic:[0-9a-f]{64}:video$/);
    for (const [attempt, path] of [
      '/moved',
      '/fast.mp4?utm_source=x',
      '/one-video.html',
      '/feed-of-one.xml',
    ].entries())
      expect((await probedOf(path, { attempt: `${attempt}` })).identity).toBe(identity);
    const asked = await probedOf('/feed.xml', { item: 1, attempt: 'item' });
    expect(asked).toMatchObject({ identity, title: 'Part 1' });
  });

  it('is another for other files of the same name, another kind and another format', async () => {
    const identities = [
      await probedOf('/a/clip.mp4'),
      await probedOf('/b/clip.mp4', { attempt: '2' }),
      await probedOf('/a/clip.mp4', { attempt: '3', quality: '720p' }),
      await probedOf('/a/clip.mp4', { attempt: '4', kind: 'audio' }),
      await probedOf('/a/clip.mp4', { attempt: '5', kind: 'audio', format: 'opus' }),
    ].map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(5);
    expect(identities).not.toContain(undefined);
    expect(identities.at(-1)).toMatch(/:audio:opus$/);
  });

  it('is no identity where there is more than one file', async () => {
    const probed = await probedOf('/master.m3u8');
    expect(probed).not.toHaveProperty('identity');
    expect(probed).toMatchObject({ title: 'master', durationS: 2 });
  });

  it('goes with the failure', async () => {
    // yt-dlp estimates no size from a playlist's bit rates: this ends by what comes.
    const failure = await failureOf(stage.downloader({ maxBytes: 50_000 }).download(order('/variants.m3u8')));
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: 50_000 } });
    expect(failure.probe).toMatchObject({ title: 'variants', durationS: 2 });
    const long = await failureOf(
      stage.downloader({ maxDurationS: 1 }).download(order('/variants.m3u8', { attempt: '2' })),
    );
    expect(long).toMatchObject({ code: 'too_long', probe: { title: 'variants', durationS: 2 } });
    const large = await failureOf(stage.downloader().download(order('/too-large.mp4', { attempt: '3' })));
    expect(large).toMatchObject({ code: 'too_large', probe: { title: 'too-large', sizeBytes: 10 ** 12 } });
  });
});

describe('the limit of bytes', () => {
  it('ends HLS that tells no size', async () => {
    const failure = await failureOf(
      stage.downloader({ maxBytes: 3_000_000 }).download(order('/endless.m3u8')),
    );
    expect(failure).toMatchObject({ code: 'too_large', context: { limit: 3_000_000 } });
    const blocks = stage.site.requests.filter((path) => path === '/block.ts').length;
    expect(blocks).toBeGreaterThan(10);
    expect(blocks).toBeLessThan(1000);
  });
});
