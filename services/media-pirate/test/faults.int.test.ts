import { type MediaRequest, redisKeys, videoFailed, videoReady } from '@heavy/contracts';
import { contentHash, type Downloaded, DownloadFailed } from '@heavy/media';
import { describe, expect, it, vi } from 'vitest';
import { asks, createScene, type Said, untilAborted } from './scene.ts';

const film: MediaRequest = { url: 'https://example.com/film', kind: 'video' };
const other: MediaRequest = { url: 'https://example.com/other', kind: 'video' };
const largeDownload = 'commands.media.large_download';

type Scene = Awaited<ReturnType<typeof createScene>>;

const said = (scene: Scene, type: string, times = 1): Promise<Said[]> =>
  vi.waitFor(() => {
    expect(scene.ofType(type)).toHaveLength(times);
    return scene.ofType(type);
  });

/** A film whose download goes on, held by the first replica. */
const downloading = async (retryDelaysMs = [50, 50]): Promise<Scene> => {
  const scene = await createScene({ slots: 1, retryDelaysMs });
  scene.downloader.download.mockImplementationOnce(({ signal }) => untilAborted(signal));
  await scene.handle(asks(film));
  await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
  return scene;
};

describe('a replica that stops', () => {
  it('hands its download back, which is then no further attempt', async () => {
    const scene = await downloading();
    await scene.worker.stop(0);
    expect(await scene.redis.hgetall(redisKeys.ledger.job(contentHash(film)))).toMatchObject({
      ...{ state: 'waiting', attempt: '1' },
    });
    expect(scene.downloader.discard).not.toHaveBeenCalled();
    scene.startReplica('second');
    await said(scene, videoReady.type);
    expect(scene.dead).toEqual([]);
  });

  it('hands answers back that it could not give', async () => {
    const scene = await createScene({ slots: 1 });
    const gate = Promise.withResolvers<void>();
    const isSaying = Promise.withResolvers<void>();
    scene.publishing.mockImplementation(async ({ type }) => {
      if (type !== videoReady.type) return;
      isSaying.resolve();
      await gate.promise;
    });
    await scene.handle(asks(film));
    await isSaying.promise;
    scene.publishing.mockReset();
    const stopped = scene.worker.stop(0);
    await vi.waitFor(() => expect(scene.worker.reserve()).toBeNull());
    gate.reject(new Error('the broker was closed'));
    await stopped;
    scene.startReplica('second');
    await said(scene, videoReady.type);
    expect(scene.downloader.download).toHaveBeenCalledOnce();
  });
});

describe('a job whose workers die', () => {
  it('is given up when so many have, without another attempt', async () => {
    const scene = await downloading();
    await scene.redis.hset(redisKeys.ledger.job(contentHash(film)), 'deaths', 9);
    await scene.takeOver(contentHash(film));
    const [failed] = await said(scene, videoFailed.type);
    expect(failed?.data).toMatchObject({ failure: { code: 'internal' } });
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(scene.dead).toMatchObject([{ data: { request: film } }]);
  });

  it('has as many attempts left as before', async () => {
    const scene = await downloading([50]);
    scene.downloader.download.mockRejectedValueOnce(new Error('disk full'));
    await scene.takeOver(contentHash(film));
    await said(scene, videoReady.type);
    expect(scene.dead).toEqual([]);
  });
});

describe('an outcome', () => {
  it('that does not fit its contract is told without what does not fit', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(
      new DownloadFailed('not_found', { subject: 'x'.repeat(400) }),
    );
    await scene.handle(asks(film));
    const [failed] = await said(scene, videoFailed.type);
    expect(failed?.data).toMatchObject({ failure: { code: 'not_found', context: {} } });
  });

  it('comes also where what is handed on does not fit its contract', async () => {
    const scene = await createScene();
    const probe = { title: 'x'.repeat(2000), sizeBytes: 500 };
    scene.downloader.download.mockRejectedValue(new DownloadFailed('too_large', {}, { probe }));
    await scene.handle(asks(film));
    const [failed] = await said(scene, videoFailed.type);
    expect(failed?.data).toMatchObject({ failure: { code: 'internal' } });
    expect(scene.downloader.download).toHaveBeenCalledTimes(3);
  });

  it('is noted as asked for before it is told, so that it is not deleted on its way', async () => {
    const scene = await createScene();
    const notedAt: (string | null)[] = [];
    scene.publishing.mockImplementation(async ({ type }) => {
      const key = `video/${contentHash(film)}.mp4`;
      if (type === videoReady.type) notedAt.push(await scene.redis.zscore(redisKeys.askedAt, key));
    });
    await scene.handle(asks(film));
    await said(scene, videoReady.type);
    expect(notedAt).toEqual([expect.any(String)]);
  });

  it('waits for a broker that takes nothing, however often that is tried', async () => {
    const scene = await createScene();
    let refusals = 6;
    scene.publishing.mockImplementation(async ({ type }) => {
      if (type === videoReady.type && refusals-- > 0) throw new Error('nobody takes it');
    });
    await scene.handle(asks(film));
    await said(scene, videoReady.type);
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(scene.ofType(videoFailed.type)).toEqual([]);
    expect(scene.dead).toEqual([]);
  });
});

describe('a command that is given up', () => {
  it('waits for nothing any more', async () => {
    const scene = await downloading();
    const event = asks(film);
    await scene.handle(event);
    await scene.giveUp(event);
    expect(await scene.ledger.askers(contentHash(film))).toHaveLength(1);
    expect(scene.ofType(videoFailed.type)).toMatchObject([{ data: { failure: { code: 'internal' } } }]);
  });
});

describe('the same media under another URL', () => {
  const identified = async () => {
    const scene = await createScene();
    scene.downloader.download.mockImplementation(async ({ onProbed }) => {
      onProbed?.({ identity: 'Site:1:video' });
      return scene.downloaded;
    });
    await scene.handle(asks(film));
    await said(scene, videoReady.type);
    await vi.waitFor(async () => expect(await scene.ledger.find(asks(film).data.origin)).toBeNull());
    return scene;
  };

  it('are those that are stored, also where their own download fails', async () => {
    const scene = await identified();
    scene.downloader.download.mockImplementation(async ({ onProbed }) => {
      onProbed?.({ identity: 'Site:1:video' });
      throw new DownloadFailed('not_found');
    });
    await scene.handle(asks(other));
    const [, ready] = await said(scene, videoReady.type, 2);
    expect(ready?.data).toMatchObject({ object: { key: `video/${contentHash(film)}.mp4` } });
    expect(scene.ofType(videoFailed.type)).toEqual([]);
  });

  it('are downloaded once more where nothing is left of them, by one of two that find so', async () => {
    const scene = await identified();
    await scene.store.delete(`video/${contentHash(film)}.mp4`);
    const gate = Promise.withResolvers<Downloaded>();
    const third = { ...other, url: 'https://example.com/third' };
    // Both see where the identity leads before either has looked there.
    const looked = Promise.withResolvers<void>();
    let looks = 0;
    const find = scene.store.find.bind(scene.store);
    vi.spyOn(scene.store, 'find').mockImplementation(async (key) => {
      if (key === `video/${contentHash(film)}.mp4`) {
        looks += 1;
        if (looks === 2) looked.resolve();
        await looked.promise;
      }
      return find(key);
    });
    scene.downloader.download.mockImplementation(({ onProbed, signal }) => {
      onProbed?.({ identity: 'Site:1:video' });
      return Promise.race([gate.promise, untilAborted(signal)]);
    });
    await Promise.all([scene.handle(asks(other)), scene.handle(asks(third))]);
    await vi.waitFor(() => expect(scene.lines).toContainEqual(expect.objectContaining({ step: 'merged' })));
    gate.resolve(scene.downloaded);
    const ready = await said(scene, videoReady.type, 3);
    const keys = ready.slice(1).map(({ data }) => Reflect.get(Reflect.get(data as object, 'object'), 'key'));
    expect(keys[0]).toBe(keys[1]);
    await vi.waitFor(() => expect(scene.downloader.discard).toHaveBeenCalledTimes(3));
  });
});

describe('a download that is handed on', () => {
  const tooLarge = new DownloadFailed('too_large', { limit: 100 }, { probe: { sizeBytes: 500 } });

  it('leaves no folder behind', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(tooLarge);
    await scene.handle(asks(film));
    await said(scene, largeDownload);
    await vi.waitFor(() => expect(scene.downloader.discard).toHaveBeenCalledOnce());
  });

  it('is so under one id, though its worker dies before it could note it; and under another the next time', async () => {
    const scene = await createScene({ slots: 1 });
    scene.downloader.download.mockRejectedValue(tooLarge);
    const stateOf = () => scene.redis.hget(redisKeys.ledger.job(contentHash(film)), 'state');
    scene.publishing.mockImplementationOnce(async () => {
      await scene.takeOver(contentHash(film));
      await vi.waitFor(async () => expect(await stateOf()).toBe('handed_on'));
    });
    const event = asks(film);
    await scene.handle(event);
    const [one, two] = await said(scene, largeDownload, 2);
    expect(one?.id).toBe(two?.id);
    await scene.ledger.withdraw(event.data.origin);
    await scene.handle(asks(film));
    const [, , next] = await said(scene, largeDownload, 3);
    expect(next?.id).not.toBe(one?.id);
  });
});
