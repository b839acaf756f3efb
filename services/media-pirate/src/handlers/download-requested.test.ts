import { randomUUID } from 'node:crypto';
import { audioDownload, envelope, type MediaKind, videoDownload } from '@heavy/contracts';
import {
  contentHash,
  type Downloaded,
  type Downloader,
  DownloadFailed,
  type MediaStore,
  type ObjectInfo,
} from '@heavy/media';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { describe, expect, it, vi } from 'vitest';
import { downloadRequested } from './download-requested.ts';

const origin = { account: 1, chatId: -2, messageId: 3, userId: 4 };
const silent = () => undefined;
const log = {
  ...{ debug: silent, info: silent, warn: silent, error: silent },
} satisfies Partial<Logger> as Partial<Logger> as Logger;

const command = (url: string, kind: MediaKind = 'video') =>
  envelope(
    kind === 'video' ? videoDownload : audioDownload,
    { request: { url, kind }, origin, contentHash: contentHash({ url, kind }) },
    { source: 'test', correlationId: randomUUID() },
  );

const downloaded: Downloaded = {
  ...{ path: '/x/media.mp4', sizeBytes: 10, mime: 'video/mp4', extension: 'mp4', title: 'A film' },
  ...{ durationS: 1, width: 2, height: 2, extractor: 'Generic', mediaId: 'x', webpageUrl: 'https://x' },
};

const createWorld = () => {
  const objects = new Map<string, ObjectInfo>();
  const store = {
    find: vi.fn<MediaStore['find']>(async (key) => objects.get(key) ?? null),
    put: vi.fn<MediaStore['put']>(async (key, _, { type, metadata }) => {
      const info = { key, sizeBytes: 10, type, metadata, storedAt: new Date(0) };
      objects.set(key, info);
      return info;
    }),
  };
  const downloader = {
    download: vi.fn<Downloader['download']>(async () => downloaded),
    discard: vi.fn<Downloader['discard']>(async () => undefined),
    sweep: vi.fn<Downloader['sweep']>(async () => []),
  };
  const handlers = downloadRequested({
    store: store satisfies Partial<MediaStore> as Partial<MediaStore> as MediaStore,
    ...{ downloader, log, config: { DOWNLOADS_AT_ONCE: 2, PROGRESS_INTERVAL_MS: 1000 } },
  });
  const published: { type: string; data: unknown }[] = [];
  const context: HandlerContext = {
    publish: (of, data) => void published.push({ type: of.type, data }),
    publishNow: async () => undefined,
    signal: new AbortController().signal,
    attempt: 1,
  };
  const handlerOf = ({ type }: { type: string }) => handlers.find(({ contract }) => contract.type === type)!;
  return {
    ...{ store, downloader, published },
    run: (event: ReturnType<typeof command>) => handlerOf(event).run(event, context),
    giveUp: async (event: ReturnType<typeof command>) =>
      handlerOf(event).exhausted?.(event, { ...context, error: new Error('x') }),
  };
};

const types = ({ published }: { published: { type: string }[] }) => published.map(({ type }) => type);

describe('downloadRequested', () => {
  it('downloads, stores and publishes the ready event, and leaves no job folder', async () => {
    const world = createWorld();
    const event = command('https://example.com/a');
    await world.run(event);
    expect(world.published).toMatchObject([
      { type: 'events.dl.video.ready', data: { origin, media: { sourceUrl: 'https://example.com/a' } } },
    ]);
    expect(world.downloader.discard).toHaveBeenCalledExactlyOnceWith(event.id);
  });

  it('downloads at most so many at once, of both kinds together', async () => {
    const world = createWorld();
    const gate = Promise.withResolvers<Downloaded>();
    world.downloader.download.mockImplementation(() => gate.promise);
    const all = [
      world.run(command('https://example.com/a')),
      world.run(command('https://example.com/a', 'audio')),
      world.run(command('https://example.com/b')),
      world.run(command('https://example.com/c', 'audio')),
    ];
    await vi.waitFor(() => expect(world.downloader.download).toHaveBeenCalledTimes(2));
    gate.resolve(downloaded);
    await Promise.all(all);
    expect(world.downloader.download).toHaveBeenCalledTimes(4);
  });

  it('downloads nothing that was stored while it waited for its turn', async () => {
    const world = createWorld();
    const gate = Promise.withResolvers<Downloaded>();
    world.downloader.download.mockImplementation(() => gate.promise);
    const same = 'https://example.com/a';
    const all = [same, 'https://example.com/b', same].map((url) => world.run(command(url)));
    await vi.waitFor(() => expect(world.downloader.download).toHaveBeenCalledTimes(2));
    gate.resolve(downloaded);
    await Promise.all(all);
    expect(world.downloader.download).toHaveBeenCalledTimes(2);
    expect(types(world)).toEqual(Array(3).fill('events.dl.video.ready'));
  });

  it('does not replace an object that was stored meanwhile, which may be on its way to a chat', async () => {
    const world = createWorld();
    const slow = Promise.withResolvers<Downloaded>();
    world.downloader.download.mockImplementationOnce(() => slow.promise);
    const [first, second] = [1, 2].map(() => world.run(command('https://example.com/a')));
    await second;
    slow.resolve(downloaded);
    await first;
    expect(world.downloader.download).toHaveBeenCalledTimes(2);
    expect(world.store.put).toHaveBeenCalledOnce();
    expect(world.downloader.discard).toHaveBeenCalledTimes(2);
  });

  it('publishes the failed event of its kind where the download fails', async () => {
    const world = createWorld();
    world.downloader.download.mockRejectedValue(new DownloadFailed('not_found', { subject: 'example.com' }));
    await world.run(command('https://example.com/a', 'audio'));
    expect(world.published).toEqual([
      {
        type: 'events.dl.audio.failed',
        data: { origin, failure: { code: 'not_found', context: { subject: 'example.com' } } },
      },
    ]);
  });

  it('leaves anything else to the retry ladder, and the partial files to the next attempt', async () => {
    const world = createWorld();
    world.store.put.mockRejectedValueOnce(new Error('disk full'));
    await expect(world.run(command('https://example.com/a'))).rejects.toThrow('disk full');
    expect(world.downloader.discard).not.toHaveBeenCalled();
    expect(world.published).toEqual([]);
  });

  it('says so when it gives up', async () => {
    const world = createWorld();
    await world.giveUp(command('https://example.com/a'));
    expect(world.published).toMatchObject([
      { type: 'events.dl.video.failed', data: { failure: { code: 'internal' } } },
    ]);
  });

  it('answers also where the job folder cannot be removed', async () => {
    const world = createWorld();
    world.downloader.discard.mockImplementation(() => {
      throw new Error('busy');
    });
    await world.run(command('https://example.com/a'));
    world.downloader.download.mockRejectedValue(new DownloadFailed('not_found'));
    await world.run(command('https://example.com/b'));
    await world.giveUp(command('https://example.com/c'));
    expect(types(world)).toEqual([
      'events.dl.video.ready',
      'events.dl.video.failed',
      'events.dl.video.failed',
    ]);
  });
});
