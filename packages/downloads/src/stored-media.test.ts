import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AudioFormat, faultOf, type MediaKind, type MediaRequest, videoReady } from '@heavy/contracts';
import { createDirectoryStore, type Downloaded, type MediaStore } from '@heavy/media';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findMedia, storeMedia } from './stored-media.ts';

const never = new AbortController().signal;
const hash = 'a'.repeat(64);
let dir: string;
let store: MediaStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-stored-'));
  store = createDirectoryStore({ dir: join(dir, 'store') });
  await writeFile(join(dir, 'media'), 'media');
  await writeFile(join(dir, 'thumbnail'), 'jpeg');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const video = (more: Partial<Downloaded> = {}): Downloaded => ({
  ...{ path: join(dir, 'media'), sizeBytes: 5, mime: 'video/mp4', extension: 'mp4', durationS: 1.5 },
  ...{ title: 'Überraschung', performer: 'Ада', width: 640, height: 360 },
  ...{ thumbnailPath: join(dir, 'thumbnail'), extractor: 'Youtube', mediaId: 'x1', webpageUrl: 'https://y' },
  ...{ sha256: 'cafe', videoCodec: 'h264', audioCodec: 'aac' },
  ...more,
});
const of = (kind: MediaKind, format?: AudioFormat): MediaRequest => ({
  ...{ url: 'https://y/?utm_source=z', kind },
  ...(format === undefined ? {} : { format }),
});
const provenance = (request: MediaRequest) => ({
  ...{ hash, request, canonicalUrl: 'https://y/', correlationId: '0a1b2c3d', askedCount: 3 },
});

describe('storeMedia', () => {
  it('gives what findMedia reads later', async () => {
    const stored = await storeMedia(store, video(), provenance(of('video')), never);
    expect(stored).toEqual({
      object: { key: `video/${hash}.mp4`, sizeBytes: 5, type: 'video/mp4' },
      media: {
        ...{ title: 'Überraschung', performer: 'Ада', durationS: 1.5, width: 640, height: 360 },
        thumbnail: { key: `thumb/${hash}.jpg`, sizeBytes: 4, type: 'image/jpeg' },
      },
    });
    expect(await findMedia(store, of('video'), hash)).toEqual(stored);
  });

  it('keeps with the object where it came from', async () => {
    const { object } = await storeMedia(store, video(), provenance(of('video')), never);
    expect((await store.find(object.key))?.metadata).toMatchObject({
      ...{ sourceUrl: 'https://y/?utm_source=z', canonicalUrl: 'https://y/', correlationId: '0a1b2c3d' },
      ...{ extractor: 'Youtube', mediaId: 'x1', sha256: 'cafe', askedCount: '3' },
      ...{ videoCodec: 'h264', audioCodec: 'aac', durationS: '1.5', width: '640', height: '360' },
    });
  });

  it('keeps sound and pictures of one address apart', async () => {
    await storeMedia(store, video(), provenance(of('video')), never);
    expect(await findMedia(store, of('audio'), hash)).toBeNull();
    const sound = video({ mime: 'audio/mpeg', extension: 'mp3' });
    const { object, media } = await storeMedia(store, sound, provenance(of('audio')), never);
    expect(object).toMatchObject({ key: `audio/${hash}.mp3`, type: 'audio/mpeg' });
    expect(media).not.toHaveProperty('thumbnail');
  });

  it('keeps formats apart', async () => {
    const opus = of('audio', 'opus');
    const sound = video({ mime: 'audio/ogg', extension: 'opus' });
    const { object } = await storeMedia(store, sound, provenance(opus), never);
    expect(object).toMatchObject({ key: `audio/${hash}.opus`, type: 'audio/ogg' });
    expect(await findMedia(store, of('audio'), hash)).toBeNull();
    expect(await findMedia(store, opus, hash)).not.toBeNull();
  });

  it.each<[name: string, more: Partial<Downloaded>]>([
    ['a title as long as titles are', { title: '😀'.repeat(512), performer: 'x'.repeat(256) }],
    ['no title', { title: '' }],
  ])('gives what a ready event takes: %s', async (_, more) => {
    const { object, media } = await storeMedia(store, video(more), provenance(of('video')), never);
    const origin = { account: 1, chatId: 2, messageId: 3, userId: 4 };
    const data = { origin, object, media: { ...media, sourceUrl: 'https://y' } };
    expect(faultOf(videoReady.data, data)).toBeNull();
    expect(media.title.isWellFormed()).toBe(true);
  });

  it('does without a thumbnail, a performer and a size where there are none', async () => {
    const { performer, width, height, thumbnailPath, ...bare } = video();
    const { media } = await storeMedia(store, bare, provenance(of('video')), never);
    expect(media).toEqual({ title: 'Überraschung', durationS: 1.5 });
  });

  it('stores no object where the thumbnail cannot be stored: what is visible is complete', async () => {
    const broken = video({ thumbnailPath: join(dir, 'nothing') });
    await expect(storeMedia(store, broken, provenance(of('video')), never)).rejects.toThrow();
    expect(await findMedia(store, of('video'), hash)).toBeNull();
  });
});

describe('findMedia', () => {
  it.each<[name: string, metadata: Record<string, string>]>([
    ['has no duration', { title: 'x' }],
    ['has a width that is no number', { title: 'x', durationS: '1', width: 'wide', height: '1' }],
    ['has a title that nobody can be sent', { title: 'x'.repeat(2000), durationS: '1' }],
  ])('is null where what is stored %s', async (_, metadata) => {
    const key = `video/${hash}.mp4`;
    await store.put(key, { path: video().path }, { type: 'video/mp4', metadata }, never);
    expect(await findMedia(store, of('video'), hash)).toBeNull();
  });

  it('is null where nothing was stored', async () => {
    expect(await findMedia(store, of('video'), hash)).toBeNull();
  });
});
