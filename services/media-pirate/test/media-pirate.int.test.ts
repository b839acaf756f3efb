import {
  deterministicId,
  type MediaRequest,
  redisKeys,
  telegramReply,
  videoDownload,
  videoFailed,
  videoReady,
} from '@heavy/contracts';
import { contentHash, type Downloaded, DownloadFailed } from '@heavy/media';
import { RetryableError, Unroutable } from '@heavy/messaging';
import { describe, expect, it, vi } from 'vitest';
import { asks, createScene, newOrigin, types, untilAborted } from './scene.ts';

const film: MediaRequest = { url: 'https://example.com/film', kind: 'video' };
const other: MediaRequest = { url: 'https://example.com/other', kind: 'video' };

describe('a download command', () => {
  it('is answered with the media, and leaves nothing behind', async () => {
    const scene = await createScene();
    const event = asks(film);
    await scene.handle(event);
    const [ready] = await vi.waitFor(() => {
      expect(scene.ofType(videoReady.type)).toHaveLength(1);
      return scene.ofType(videoReady.type);
    });
    expect(ready?.data).toMatchObject({
      origin: event.data.origin,
      media: { title: 'A film', sourceUrl: film.url },
    });
    expect(ready?.id).toBe(deterministicId(event.id, videoReady.type, 0));
    await vi.waitFor(() => expect(scene.downloader.discard).toHaveBeenCalledOnce());
    const left = (await scene.redis.keys('media:*')).filter((key) => !/asked|counter|identity/u.test(key));
    expect(left).toEqual([]);
  });

  it('of a thousand askers over four replicas is downloaded once, and each is answered once', async () => {
    const scene = await createScene();
    const replicas = [scene, ...['b', 'c', 'd'].map(scene.startReplica)];
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    const spellings = [film.url, `${film.url}?utm_source=x`];
    const events = Array.from({ length: 1000 }, (_, n) => asks({ ...film, url: spellings[n % 2] ?? '' }));
    await Promise.all(events.map((event, n) => replicas[n % 4]?.handle(event)));
    gate.resolve(scene.downloaded);
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(1000));
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(new Set(scene.ofType(videoReady.type).map(({ id }) => id)).size).toBe(1000);
  });

  it('of the same message again is no second one, and of the same person again is', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    const event = asks(film);
    const again = asks(film, newOrigin(event.data.origin.userId));
    for (const one of [event, event, again, event]) await scene.handle(one);
    gate.resolve(scene.downloaded);
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(2));
  });

  it('is answered at once where the media are stored, also while all slots are taken', async () => {
    const scene = await createScene({ slots: 1 });
    await scene.handle(asks(film));
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(1));
    scene.downloader.download.mockImplementation(({ signal }) => untilAborted(signal));
    await scene.handle(asks(other));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledTimes(2));
    await scene.handle(asks(film));
    expect(scene.ofType(videoReady.type)).toHaveLength(2);
  });

  it('that fails is told to everybody with the reason', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    for (const event of [asks(film), asks(film), asks(film)]) await scene.handle(event);
    gate.reject(new DownloadFailed('not_found', { subject: 'example.com' }));
    await vi.waitFor(() => expect(scene.ofType(videoFailed.type)).toHaveLength(3));
    expect(scene.ofType(videoFailed.type)[0]?.data).toMatchObject({
      failure: { code: 'not_found', context: { subject: 'example.com' } },
    });
  });

  it('is tried again after a fault of ours, and then given up into the dead letters', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValueOnce(new Error('disk full'));
    await scene.handle(asks(film));
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(1));
    scene.downloader.download.mockRejectedValue(new Error('disk full'));
    const event = asks(other);
    await scene.handle(event);
    await vi.waitFor(() => expect(scene.ofType(videoFailed.type)).toHaveLength(1));
    expect(scene.ofType(videoFailed.type)[0]?.data).toMatchObject({ failure: { code: 'internal' } });
    expect(scene.downloader.download).toHaveBeenCalledTimes(2 + 3);
    expect(scene.dead).toMatchObject([{ type: videoDownload.type, data: { request: other } }]);
  });

  it('loses nobody where the broker fails in the middle of the answers', async () => {
    const scene = await createScene();
    let broken = 2;
    scene.publishing.mockImplementation(async (contract) => {
      if (contract.type === videoReady.type && broken-- > 0) throw new Error('the broker is away');
    });
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    for (let n = 0; n < 5; n += 1) await scene.handle(asks(film));
    gate.resolve(scene.downloaded);
    await vi.waitFor(
      () => expect(new Set(scene.ofType(videoReady.type).map(({ id }) => id)).size).toBe(5),
      5000,
    );
    expect(scene.downloader.download).toHaveBeenCalledOnce();
  });

  it('goes to the other replica with the lease, and the result of the first is refused', async () => {
    const scene = await createScene({ slots: 1 });
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementationOnce(() => gate.promise);
    const put = vi.spyOn(scene.store, 'put');
    await scene.handle(asks(film));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    await scene.takeOver(contentHash(film));
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(1));
    const stored = put.mock.calls.length;
    gate.resolve(scene.downloaded);
    await vi.waitFor(() =>
      expect(scene.lines).toContainEqual(expect.objectContaining({ reason: 'LeaseLost' })),
    );
    expect(put.mock.calls).toHaveLength(stored);
    expect(scene.ofType(videoReady.type)).toHaveLength(1);
  });

  it('joins the download of the same media under another URL', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(({ onProbed, signal }) => {
      onProbed?.({ identity: 'Site:1:video' });
      return Promise.race([gate.promise, untilAborted(signal)]);
    });
    await scene.handle(asks(film));
    await vi.waitFor(async () =>
      expect(await scene.redis.exists(redisKeys.ledger.identity('Site:1:video'))).toBe(1),
    );
    await scene.handle(asks(other));
    await vi.waitFor(() => expect(scene.lines).toContainEqual(expect.objectContaining({ step: 'merged' })));
    gate.resolve(scene.downloaded);
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(2));
    const objects = scene.ofType(videoReady.type).map(({ data }) => Reflect.get(data as object, 'object'));
    expect(objects[0]).toEqual(objects[1]);
    await scene.handle(asks(other));
    expect(scene.ofType(videoReady.type)).toHaveLength(3);
    expect(scene.downloader.download).toHaveBeenCalledTimes(2);
  });

  it('takes the sound out of a video that is stored', async () => {
    const scene = await createScene();
    await scene.handle(asks(film));
    await vi.waitFor(() => expect(scene.ofType(videoReady.type)).toHaveLength(1));
    await scene.handle(asks({ ...film, kind: 'audio' }));
    await vi.waitFor(() => expect(scene.ofType('events.dl.audio.ready')).toHaveLength(1));
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(scene.downloader.extractAudio).toHaveBeenCalledOnce();
  });
});

describe('a download that is too large', () => {
  const tooLarge = (sizeBytes: number) =>
    new DownloadFailed('too_large', { limit: 100 }, { probe: { sizeBytes } });

  it('is handed on, and its askers stay', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(tooLarge(500));
    const event = asks(film);
    await scene.handle(event);
    await vi.waitFor(() => expect(scene.ofType('commands.media.large_download')).toHaveLength(1));
    expect(scene.ofType('commands.media.large_download')[0]?.data).toMatchObject({
      ...{ request: film, origin: event.data.origin, contentHash: contentHash(film) },
      ...{ reason: 'too_large', probe: { sizeBytes: 500 } },
    });
    await scene.handle(asks(film));
    expect(await scene.ledger.askers(contentHash(film))).toHaveLength(2);
    expect(scene.ofType(videoFailed.type)).toEqual([]);
  });

  it.each([
    ['says that nobody serves it', tooLarge(500), 'large_unavailable', { limit: 100 }],
    ['says that nobody could', tooLarge(5000), 'too_large', { limit: 1000 }],
    ['says what failed', new DownloadFailed('source_slow'), 'source_slow', {}],
  ])('%s where nobody takes it', async (_, failure, code, context) => {
    const scene = await createScene();
    scene.publishing.mockImplementation(async ({ type }) => {
      if (type === 'commands.media.large_download') throw new Unroutable(type, type);
    });
    scene.downloader.download.mockRejectedValue(failure);
    await scene.handle(asks(film));
    await vi.waitFor(() => expect(scene.ofType(videoFailed.type)).toHaveLength(1));
    expect(scene.ofType(videoFailed.type)[0]?.data).toMatchObject({ failure: { code, context } });
  });
});

describe('.cancel', () => {
  const downloading = async () => {
    const scene = await createScene();
    scene.downloader.download.mockImplementation(({ signal }) => untilAborted(signal));
    const [mine, theirs] = [asks(film, newOrigin(4)), asks(film, newOrigin(5))];
    for (const event of [mine, theirs]) await scene.handle(event);
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    const signal = scene.downloader.download.mock.calls[0]![0].signal;
    const cancel = async (
      by: number,
      messageId: number,
      text = '.cancel',
      role: 'admin' | 'unmolested' = 'unmolested',
      elsewhere: { chatId?: number } = {},
    ) => {
      const event = types(
        'cancel',
        text,
        { reply: { messageId, text: '.vdl x', ...elsewhere }, auth: { role, rateLimited: false } },
        newOrigin(by),
      );
      await scene.handle(event);
      return scene.ofType(telegramReply.type).at(-1)?.data;
    };
    return { scene, mine: mine.data.origin.messageId, theirs: theirs.data.origin.messageId, signal, cancel };
  };
  const cancelled = (scene: Awaited<ReturnType<typeof createScene>>) =>
    scene
      .ofType(videoFailed.type)
      .map(({ data }) => (data as { origin: { messageId: number } }).origin.messageId);

  it('withdraws one interest, and the download ends with the last', async () => {
    const { scene, mine, theirs, signal, cancel } = await downloading();
    expect(await cancel(4, mine)).toMatchObject({ failure: { code: 'withdrawn' } });
    expect(cancelled(scene)).toEqual([mine]);
    expect(signal.aborted).toBe(false);
    expect(await cancel(5, theirs)).toMatchObject({ failure: { code: 'withdrawn' } });
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    await vi.waitFor(() => expect(scene.downloader.discard).toHaveBeenCalled());
    expect(cancelled(scene)).toEqual([mine, theirs]);
  });

  it('may reply to the status message', async () => {
    const { scene, mine, cancel } = await downloading();
    await scene.redis.set(redisKeys.commandOf(1, -2, 9999), mine);
    expect(await cancel(4, 9999)).toMatchObject({ failure: { code: 'withdrawn' } });
    expect(cancelled(scene)).toEqual([mine]);
  });

  it('means the message in the chat that it is in, and no other of the same number', async () => {
    const { scene, mine, cancel } = await downloading();
    await scene.redis.hset(redisKeys.answer(1, -77, mine), 'outcome', 'x');
    expect(await cancel(7, mine, '.cancel', 'admin', { chatId: -77 })).toMatchObject({
      failure: { code: 'nothing_to_cancel' },
    });
    expect(cancelled(scene)).toEqual([]);
    expect(await cancel(7, mine, '.cancel', 'admin', { chatId: -2 })).toMatchObject({
      failure: { code: 'withdrawn' },
    });
  });

  it('is for whoever asked, and for admins, who may cancel for everybody', async () => {
    const { scene, mine, theirs, signal, cancel } = await downloading();
    expect(await cancel(5, mine)).toMatchObject({ failure: { code: 'not_yours' } });
    expect(await cancel(4, mine, '.cancel all')).toMatchObject({ failure: { code: 'admins_only' } });
    expect(cancelled(scene)).toEqual([]);
    expect(await cancel(7, mine, '.cancel all', 'admin')).toMatchObject({ failure: { code: 'withdrawn' } });
    expect(cancelled(scene).toSorted()).toEqual([mine, theirs].toSorted());
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
  });

  it('waits twice for a command that is on its way, and then says that there is nothing', async () => {
    const scene = await createScene();
    const event = types('cancel', '.cancel', { reply: { messageId: 12_345, text: '.vdl https://x' } });
    for (const attempt of [1, 2]) await expect(scene.handle(event, attempt)).rejects.toThrow(RetryableError);
    await scene.handle(event, 3);
    expect(scene.ofType(telegramReply.type)).toMatchObject([
      { data: { failure: { code: 'nothing_to_cancel' } } },
    ]);
  });

  it.each([
    ['replies to nothing', {}],
    ['replies to no command', { reply: { messageId: 77, text: 'hello' } }],
  ])('has nothing to do where it %s', async (_, more) => {
    const scene = await createScene();
    await scene.handle(types('cancel', '.cancel', more));
    expect(scene.ofType(telegramReply.type)).toMatchObject([
      { data: { failure: { code: 'nothing_to_cancel' } } },
    ]);
  });
});
