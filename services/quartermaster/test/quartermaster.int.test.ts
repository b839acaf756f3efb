import { type MediaRequest, redisKeys, videoFailed, videoReady } from '@heavy/contracts';
import { contentHash, type Downloaded, DownloadFailed } from '@heavy/media';
import { RetryableError } from '@heavy/messaging';
import { describe, expect, it, vi } from 'vitest';
import { createScene, newOrigin, untilAborted } from './scene.ts';

const film: MediaRequest = { url: 'https://example.com/film', kind: 'video' };
const other: MediaRequest = { url: 'https://example.com/other', kind: 'video' };
const slow = new DownloadFailed('source_slow', { subject: 'example.com' });

describe('a large download', () => {
  it('is answered with the media, to everybody who waits, and leaves nothing behind', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    const origins = [newOrigin(4), newOrigin(5), newOrigin(6)];
    await scene.handle(await scene.handOn(film, origins));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    expect(scene.downloader.download.mock.calls[0]?.[0]).toMatchObject({ ...film, jobId: contentHash(film) });
    gate.resolve(scene.downloaded);
    await scene.said(videoReady.type, 3);
    await scene.until(film, 'none');
    const left = (await scene.redis.keys('*')).filter((key) => !/asked|counter|identity|:jobs:/u.test(key));
    expect(left).toEqual([]);
  });

  it('is one job, however often the command comes', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementation(() => gate.promise);
    const event = await scene.handOn(film);
    for (let n = 0; n < 3; n += 1) await scene.handle(event);
    gate.resolve(scene.downloaded);
    await scene.said(videoReady.type);
    await scene.until(film, 'none');
    expect(scene.downloader.download).toHaveBeenCalledOnce();
  });

  it('waits for media-pirate to put it down, without an attempt less', async () => {
    const scene = await createScene({ config: { JOB_ATTEMPTS: 1 }, leaseMs: 1000 });
    const event = await scene.handOn(film);
    // As if media-pirate had published and gone no further.
    await scene.redis.hdel(redisKeys.ledger.job(contentHash(film)), 'handed_on');
    await scene.handle(event);
    await scene.until(film, 'delayed');
    expect(scene.downloader.download).not.toHaveBeenCalled();
    await scene.redis.hset(redisKeys.ledger.job(contentHash(film)), 'handed_on', Date.now());
    await scene.said(videoReady.type);
  });

  it('that is asked for anew while the last one is just ending is put off', async () => {
    const scene = await createScene();
    scene.downloader.download.mockImplementation(({ signal }) => untilAborted(signal));
    const event = await scene.handOn(film);
    await scene.handle(event);
    await scene.until(film, 'active');
    await expect(scene.handle({ ...event, id: 'another' })).rejects.toThrow(RetryableError);
  });
});

describe('a source that fails in passing', () => {
  it('is tried again later, and those who wait are told so', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValueOnce(slow).mockRejectedValueOnce(slow);
    await scene.handle(await scene.handOn(film));
    await scene.said(videoReady.type);
    expect(scene.downloader.download).toHaveBeenCalledTimes(3);
    const steps = scene.ofType('events.dl.progress').map(({ data }) => data as { phase: string });
    expect(steps.filter(({ phase }) => phase === 'waiting')).toHaveLength(2);
    expect(scene.ofType(videoFailed.type)).toEqual([]);
    const [, second] = scene.downloader.download.mock.calls;
    // The job is the same, the attempt another: what was fetched is continued.
    expect(second?.[0].jobId).toBe(contentHash(film));
    expect(new Set(scene.downloader.download.mock.calls.map(([{ attempt }]) => attempt)).size).toBe(3);
    expect(scene.downloader.discard).toHaveBeenCalledOnce();
  });

  it('is given up after the last attempt: everybody is told once, and the job is kept', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(slow);
    await scene.handle(await scene.handOn(film, [newOrigin(4), newOrigin(5)]));
    const failures = await scene.said(videoFailed.type, 2);
    expect(failures[0]?.data).toMatchObject({
      failure: { code: 'source_slow', context: { subject: 'example.com' } },
    });
    await scene.until(film, 'failed');
    expect(scene.downloader.download).toHaveBeenCalledTimes(4);
    expect((await scene.jobs.queue.getJob(contentHash(film)))?.failedReason).toBe('source_slow');
  });

  it('is tried anew when somebody asks again after that', async () => {
    const scene = await createScene({ config: { JOB_ATTEMPTS: 1 } });
    scene.downloader.download.mockRejectedValueOnce(slow);
    await scene.handle(await scene.handOn(film));
    await scene.until(film, 'failed');
    await scene.handle(await scene.handOn(film));
    await scene.said(videoReady.type);
    await scene.until(film, 'none');
  });

  it('is not tried beyond the patience', async () => {
    const scene = await createScene({ config: { JOB_PATIENCE_MS: 1, JOB_RETRY_DELAY_MS: 50 } });
    scene.downloader.download.mockRejectedValue(slow);
    await scene.handle(await scene.handOn(film));
    await scene.said(videoFailed.type);
    expect(scene.downloader.download).toHaveBeenCalledOnce();
  });
});

describe('a job', () => {
  it('that fails for good is told at once, and once', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(new DownloadFailed('not_found'));
    await scene.handle(await scene.handOn(film));
    await scene.until(film, 'failed');
    expect(scene.ofType(videoFailed.type)).toMatchObject([{ data: { failure: { code: 'not_found' } } }]);
    expect(scene.downloader.download).toHaveBeenCalledOnce();
  });

  it('whose site yt-dlp cannot read waits until there is another yt-dlp', async () => {
    const scene = await createScene({ config: { JOB_ATTEMPTS: 1 } });
    scene.downloader.download.mockRejectedValueOnce(new DownloadFailed('extractor_broken'));
    await scene.handle(await scene.handOn(film));
    await vi.waitFor(() => expect(scene.downloader.version.mock.calls.length).toBeGreaterThan(3));
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(scene.ofType('events.dl.progress').at(-1)?.data).toMatchObject({ waitingFor: 'update' });
    scene.downloader.version.mockResolvedValue('2026.02.02');
    await scene.said(videoReady.type);
  });

  it('with a fault of ours is tried a few times, and then given up', async () => {
    const scene = await createScene();
    scene.downloader.download.mockRejectedValue(new Error('a bug'));
    await scene.handle(await scene.handOn(film));
    await scene.said(videoFailed.type);
    await scene.until(film, 'failed');
    expect(scene.downloader.download).toHaveBeenCalledTimes(3);
    expect((await scene.jobs.queue.getJob(contentHash(film)))?.failedReason).toBe('Error: a bug');
  });

  it('that the disk has no room for waits, and says so', async () => {
    const scene = await createScene({ config: { RETRY_DELAYS_MS: [] } });
    scene.downloader.download.mockImplementationOnce(async () => {
      scene.disk.isEnough.mockResolvedValue(false);
      throw new DownloadFailed('internal');
    });
    await scene.handle(await scene.handOn(film));
    await vi.waitFor(() =>
      expect(scene.ofType('events.dl.progress').at(-1)?.data).toMatchObject({ waitingFor: 'disk' }),
    );
    await scene.handle(await scene.handOn(other));
    // Put off, where it was taken in the moment before the worker paused.
    await vi.waitFor(async () => expect(['prioritized', 'delayed']).toContain(await scene.stateOf(other)));
    scene.disk.isEnough.mockResolvedValue(true);
    await scene.said(videoReady.type, 2);
    expect(scene.ofType(videoFailed.type)).toEqual([]);
  });

  it('whose outcome the broker does not take is told once it does, and downloaded once', async () => {
    const scene = await createScene();
    let refusals = 4;
    scene.publishing.mockImplementation(async ({ type }) => {
      if (type === videoReady.type && refusals-- > 0) throw new Error('nobody takes it');
    });
    await scene.handle(await scene.handOn(film));
    await scene.said(videoReady.type);
    expect(scene.downloader.download).toHaveBeenCalledOnce();
    expect(scene.ofType(videoFailed.type)).toEqual([]);
    // It did work: nobody is told that it is tried again.
    const phases = scene.ofType('events.dl.progress').map(({ data }) => (data as { phase: string }).phase);
    expect(phases).not.toContain('waiting');
    await scene.until(film, 'none');
  });

  it('ends with the last who waits', async () => {
    const scene = await createScene();
    scene.downloader.download.mockImplementation(({ signal }) => untilAborted(signal));
    const origins = [newOrigin(4), newOrigin(5)];
    await scene.handle(await scene.handOn(film, origins));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    const { signal } = scene.downloader.download.mock.calls[0]![0];
    await scene.small.withdraw(origins[0]!);
    expect(signal.aborted).toBe(false);
    await scene.small.withdraw(origins[1]!);
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    await scene.until(film, 'none');
    expect(scene.downloader.discard).toHaveBeenCalledOnce();
    expect(scene.ofType(videoReady.type)).toEqual([]);
  });

  it('for which nobody waits any more is not begun', async () => {
    const scene = await createScene();
    const origin = newOrigin();
    const event = await scene.handOn(film, [origin]);
    await scene.small.withdraw(origin);
    await scene.handle(event);
    await scene.until(film, 'none');
    expect(scene.downloader.download).not.toHaveBeenCalled();
  });
});

describe('a replica that stops', () => {
  it('hands its job back, without an attempt less, and another goes on', async () => {
    const scene = await createScene({ config: { JOB_ATTEMPTS: 1 } });
    scene.downloader.download.mockImplementationOnce(({ signal }) => untilAborted(signal));
    await scene.handle(await scene.handOn(film));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    await scene.stop(0);
    expect(await scene.redis.hget(redisKeys.ledger.job(contentHash(film)), 'state')).toBe('handed_on');
    expect((await scene.jobs.queue.getJob(contentHash(film)))?.attemptsMade).toBe(0);
    expect(scene.downloader.discard).not.toHaveBeenCalled();
    scene.startReplica('second');
    await scene.said(videoReady.type);
  });

  it('lets a job end that is nearly done', async () => {
    const scene = await createScene();
    const gate = Promise.withResolvers<Downloaded>();
    scene.downloader.download.mockImplementationOnce(() => gate.promise);
    await scene.handle(await scene.handOn(film));
    await vi.waitFor(() => expect(scene.downloader.download).toHaveBeenCalledOnce());
    const stopped = scene.stop(60_000);
    gate.resolve(scene.downloaded);
    await stopped;
    expect(scene.ofType(videoReady.type)).toHaveLength(1);
  });
});

describe('reconcile', () => {
  it('makes jobs again for what was handed on where all of BullMQ is lost', async () => {
    const scene = await createScene();
    await scene.stop(0);
    await scene.handle(await scene.handOn(film));
    await scene.loseJobs();
    await scene.handOn(other);
    await scene.reconcile();
    await scene.reconcile();
    scene.startReplica('second');
    await scene.said(videoReady.type, 2);
    expect(scene.downloader.download).toHaveBeenCalledTimes(2);
  });

  it('removes jobs for which nobody waits, and no others', async () => {
    const scene = await createScene();
    await scene.stop(0);
    const origin = newOrigin();
    await scene.handle(await scene.handOn(film, [origin]));
    await scene.handle(await scene.handOn(other));
    await scene.small.withdraw(origin);
    await scene.reconcile();
    expect([await scene.stateOf(film), await scene.stateOf(other)]).toEqual(['none', 'prioritized']);
  });
});

describe('the line', () => {
  it('serves people in turn, however much each asks for', async () => {
    const scene = await createScene({ atOnce: 1 });
    await scene.stop(0);
    const items = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1'];
    const requestOf = (item: string): MediaRequest => ({ ...film, url: `https://example.com/${item}` });
    for (const item of items) {
      const origin = newOrigin('abc'.indexOf(item[0] ?? '') + 1);
      await scene.handle(await scene.handOn(requestOf(item), [origin]));
    }
    const itemOf = new Map(items.map((item) => [contentHash(requestOf(item)), item]));
    const line = await scene.jobs.line(10);
    expect(line.map(({ hash }) => itemOf.get(hash))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(line.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    const begun: string[] = [];
    scene.downloader.download.mockImplementation(async ({ jobId }) => {
      begun.push(itemOf.get(jobId) ?? '');
      return scene.downloaded;
    });
    scene.startReplica('second');
    await scene.said(videoReady.type, 6);
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('serves those who wait for the first time before another attempt', async () => {
    const scene = await createScene({ atOnce: 1 });
    const third: MediaRequest = { ...film, url: 'https://example.com/third' };
    const [failing, going] = [Promise.withResolvers<Downloaded>(), Promise.withResolvers<Downloaded>()];
    const begun: string[] = [];
    scene.downloader.download.mockImplementation(async ({ url }) => {
      begun.push(url);
      if (begun.length === 1) return failing.promise;
      return begun.length === 2 ? going.promise : scene.downloaded;
    });
    for (const request of [film, other, third]) await scene.handle(await scene.handOn(request));
    await scene.until(film, 'active');
    failing.reject(slow);
    await scene.until(film, 'delayed');
    // Due again while the other one is worked on.
    const longestDelayMs = 40;
    const since = Date.now();
    await vi.waitFor(() => expect(Date.now() - since).toBeGreaterThan(longestDelayMs));
    going.resolve(scene.downloaded);
    await scene.said(videoReady.type, 3);
    expect(begun).toEqual([film, other, third, film].map(({ url }) => url));
  });
});
