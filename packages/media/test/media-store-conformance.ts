import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MediaStore, type ObjectInfo, ObjectMissing, SourceMismatch } from '../src/index.ts';

const mp4 = { type: 'video/mp4', metadata: {} };
const MiB = 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const newKey = (): string => `video/${randomUUID()}.mp4`;

/** In small chunks, as a file or a socket would give them. */
const streamOf = (bytes: Buffer): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 60_001) yield bytes.subarray(at, at + 60_001);
    })(),
  );

/** What every driver of MediaStore holds to. */
export const mediaStoreConformance = (name: string, makeStore: () => Promise<MediaStore>): void => {
  describe(name, () => {
    let store: MediaStore;
    let dir: string;
    beforeAll(async () => {
      store = await makeStore();
      dir = await mkdtemp(join(tmpdir(), 'heavy-store-'));
    });
    afterAll(() => rm(dir, { recursive: true, force: true }));

    const contents = async (key: string): Promise<Buffer> => buffer(await store.read(key));
    const put = (bytes: Buffer, key = newKey()) => store.put(key, { stream: streamOf(bytes) }, mp4);

    it('is healthy', async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });

    it('keeps a stream of unknown length, and tells its size, type and time', async () => {
      const key = newKey();
      const bytes = randomBytes(300_000);
      const info = await store.put(key, { stream: streamOf(bytes) }, mp4);
      expect(info).toMatchObject({ key, sizeBytes: 300_000, type: 'video/mp4', metadata: {} });
      const found = await store.find(key);
      expect(found).toMatchObject({ key, sizeBytes: 300_000, type: 'video/mp4', metadata: {} });
      expect(Math.abs(found!.storedAt.getTime() - Date.now())).toBeLessThan(60_000);
      expect(sha256(await contents(key))).toBe(sha256(bytes));
    });

    it('keeps a file', async () => {
      const path = join(dir, 'clip.mp4');
      await writeFile(path, 'a small clip');
      const key = newKey();
      expect((await store.put(key, { path }, mp4)).sizeBytes).toBe(12);
      expect((await contents(key)).toString()).toBe('a small clip');
    });

    it('keeps more than one part, byte for byte', { timeout: 60_000 }, async () => {
      const bytes = randomBytes(33 * MiB + 17);
      const key = newKey();
      const info = await store.put(key, { stream: streamOf(bytes), sizeBytes: bytes.length }, mp4);
      expect(info.sizeBytes).toBe(bytes.length);
      expect((await store.find(key))?.sizeBytes).toBe(bytes.length);
      expect(sha256(await contents(key))).toBe(sha256(bytes));
    });

    it('keeps an empty object', async () => {
      const key = newKey();
      await put(Buffer.alloc(0), key);
      expect((await store.find(key))?.sizeBytes).toBe(0);
      expect(await contents(key)).toHaveLength(0);
    });

    it('reads a range, both ends included, and clips its end', async () => {
      const key = newKey();
      await put(Buffer.from('0123456789'), key);
      const range = async (start: number, end: number) =>
        (await buffer(await store.read(key, { start, end }))).toString();
      expect(await range(2, 4)).toBe('234');
      expect(await range(0, 0)).toBe('0');
      expect(await range(7, 1000)).toBe('789');
      await expect(store.read(key, { start: 10, end: 12 })).rejects.toBeInstanceOf(RangeError);
      await expect(store.read(key, { start: 4, end: 3 })).rejects.toBeInstanceOf(RangeError);
    });

    it.each([
      ['plain', { title: 'A title', sourceUrl: 'https://example.com/watch?v=a&b=%20c' }],
      ['not ASCII', { title: 'Größe – 日本語 🎬', uploader: 'Ünïcode' }],
      ['with line breaks and edges', { title: ' two\r\nlines\tand "quotes" % + = ; \\ ', empty: '' }],
      ['longer than 2 KB', { title: '長い'.repeat(500), sourceUrl: `https://e.example/${'x'.repeat(2000)}` }],
    ])('gives back metadata that are %s', async (_name, metadata) => {
      const key = newKey();
      await store.put(key, { stream: streamOf(Buffer.from('x')) }, { type: 'audio/mpeg', metadata });
      expect(await store.find(key)).toMatchObject({ type: 'audio/mpeg', metadata });
      // Replaced as a whole: nothing of the old metadata is left.
      await put(Buffer.from('y'), key);
      expect((await store.find(key))?.metadata).toEqual({});
    });

    it('replaces an object with its metadata', async () => {
      const key = newKey();
      await store.put(key, { stream: streamOf(Buffer.from('old')) }, { type: 'a/b', metadata: { n: '1' } });
      await store.put(key, { stream: streamOf(Buffer.from('newer')) }, { type: 'c/d', metadata: { n: '2' } });
      expect(await store.find(key)).toMatchObject({ sizeBytes: 5, type: 'c/d', metadata: { n: '2' } });
      expect((await contents(key)).toString()).toBe('newer');
    });

    it('has nothing under a key that was never put', async () => {
      const key = newKey();
      expect(await store.find(key)).toBeNull();
      await expect(store.read(key)).rejects.toBeInstanceOf(ObjectMissing);
      await expect(store.read(key, { start: 0, end: 1 })).rejects.toMatchObject({
        name: 'ObjectMissing',
        key,
      });
    });

    it('deletes, also what is not there', async () => {
      const key = newKey();
      await put(Buffer.from('x'), key);
      await store.delete(key);
      expect(await store.find(key)).toBeNull();
      await expect(store.read(key)).rejects.toBeInstanceOf(ObjectMissing);
      await store.delete(key);
    });

    describe('list', () => {
      const listed = (prefix?: string) => Array.fromAsync(store.list(prefix));
      const keysOf = (infos: ObjectInfo[]) => infos.map(({ key }) => key).sort();
      const folder = (): string => `list-${randomUUID()}`;
      const putAll = (keys: string[]) => Promise.all(keys.map((key) => put(Buffer.from('x'), key)));

      it('tells of each object what find does', async () => {
        const [long, key] = [folder(), folder()];
        const metadata = { title: '長い'.repeat(1000) };
        await store.put(
          `${key}/${long}.mp4`,
          { stream: streamOf(Buffer.from('xy')) },
          { type: 'a/b', metadata },
        );
        expect(await listed(key)).toEqual([await store.find(`${key}/${long}.mp4`)]);
      });

      it('finds all of many, and by any beginning of a key only those', async () => {
        const below = folder();
        const keys = Array.from({ length: 40 }, (_, n) => `${below}/${n}.mp4`);
        const deeper = [`${below}/deep/er/1.mp4`, `${below}/deep/2.mp4`];
        const beside = `${below}-beside/1.mp4`;
        await putAll([...keys, ...deeper, beside]);
        const all = keysOf(await listed());
        expect(all).toEqual([...new Set(all)]);
        expect(all).toEqual(expect.arrayContaining([...keys, ...deeper, beside]));
        expect(keysOf(await listed(below))).toEqual([...keys, ...deeper, beside].sort());
        expect(keysOf(await listed(`${below}/`))).toEqual([...keys, ...deeper].sort());
        expect(keysOf(await listed(`${below}/3`))).toEqual(
          keys.filter((key) => key.startsWith(`${below}/3`)).sort(),
        );
        expect(keysOf(await listed(`${below}/deep/e`))).toEqual([`${below}/deep/er/1.mp4`]);
        expect(keysOf(await listed(`${below}/3.mp4x`))).toEqual([]);
      });

      it('lists no object that its metadata are kept in', async () => {
        const metadata = { title: 'x'.repeat(3000) };
        await store.put(newKey(), { stream: streamOf(Buffer.from('x')) }, { type: 'a/b', metadata });
        expect(await listed('metadata')).toEqual([]);
      });

      it('is not disturbed by objects that appear and go meanwhile', async () => {
        const below = folder();
        const [kept, doomed, fresh] = ['kept', 'doomed', 'fresh'].map((name) =>
          Array.from({ length: 30 }, (_, n) => `${below}/${n}-${name}.mp4`),
        ) as [string[], string[], string[]];
        await putAll([...kept, ...doomed]);
        const seen: string[] = [];
        for await (const { key } of store.list(`${below}/`)) {
          if (seen.length === 0)
            await Promise.all([putAll(fresh), ...doomed.map((one) => store.delete(one))]);
          seen.push(key);
        }
        expect(seen).toEqual([...new Set(seen)]);
        expect(seen.filter((key) => kept.includes(key)).sort()).toEqual(kept.sort());
        expect(keysOf(await listed(`${below}/`))).toEqual([...kept, ...fresh].sort());
      });

      it('may be left before its end', async () => {
        const below = folder();
        await putAll(Array.from({ length: 20 }, (_, n) => `${below}/${n}.mp4`));
        for await (const { key } of store.list(below)) {
          expect(key).toContain(below);
          break;
        }
      });
    });

    it('keeps exactly one of concurrent puts, its bytes with its metadata', { timeout: 60_000 }, async () => {
      const key = newKey();
      // Over and under the size of one part, so that S3 uses both of its ways at once.
      const puts = [1, 2, 3, 4, 5, 6].map((n) => {
        const bytes = Buffer.alloc(n % 3 === 0 ? 17 * MiB + n : 100_000 + n, n);
        return store.put(key, { stream: streamOf(bytes) }, { type: 'video/mp4', metadata: { n: String(n) } });
      });
      await Promise.all(puts);
      const winner = Number((await store.find(key))?.metadata['n']);
      const bytes = await contents(key);
      expect(bytes.every((byte) => byte === winner)).toBe(true);
      expect(bytes.length).toBe((await store.find(key))?.sizeBytes);
    });

    it('shows nothing of a put whose source fails, and leaves what was there', async () => {
      const key = newKey();
      const failing = () => {
        const stream = new PassThrough();
        stream.write(Buffer.alloc(17 * MiB));
        stream.once('drain', () => stream.destroy(new Error('the source broke')));
        return { stream };
      };
      await expect(store.put(key, failing(), mp4)).rejects.toThrow('the source broke');
      expect(await store.find(key)).toBeNull();
      await put(Buffer.from('before'), key);
      await expect(store.put(key, failing(), mp4)).rejects.toThrow('the source broke');
      expect((await contents(key)).toString()).toBe('before');
    });

    it.each([
      ['shorter', 9],
      ['longer', 11],
    ])('refuses a stream that is %s than announced', async (_name, length) => {
      const key = newKey();
      const source = { stream: streamOf(Buffer.alloc(length)), sizeBytes: 10 };
      await expect(store.put(key, source, mp4)).rejects.toBeInstanceOf(SourceMismatch);
      expect(await store.find(key)).toBeNull();
    });

    it('shows nothing of a put that is aborted', async () => {
      const key = newKey();
      const abort = new AbortController();
      const stream = new PassThrough();
      stream.write(Buffer.alloc(17 * MiB));
      stream.once('drain', () => abort.abort(new Error('withdrawn')));
      await expect(store.put(key, { stream }, mp4, abort.signal)).rejects.toThrow('withdrawn');
      await expect(store.put(key, { stream: streamOf(Buffer.from('x')) }, mp4, abort.signal)).rejects.toThrow(
        'withdrawn',
      );
      expect(await store.find(key)).toBeNull();
    });

    it('gives a reader the whole of what it opened while the object is replaced', async () => {
      const key = newKey();
      const old = randomBytes(3 * MiB);
      await put(old, key);
      const reading = await store.read(key);
      await put(Buffer.from('other'), key);
      expect(sha256(await buffer(reading))).toBe(sha256(old));
      expect((await contents(key)).toString()).toBe('other');
    });

    it.each(['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '.hidden', 'a\\b', 'a b', 'ä'])(
      'refuses the key %j',
      async (key) => {
        await expect(store.put(key, { stream: streamOf(Buffer.from('x')) }, mp4)).rejects.toThrow(TypeError);
        await expect(store.find(key)).rejects.toThrow(TypeError);
        await expect(store.read(key)).rejects.toThrow(TypeError);
        await expect(store.delete(key)).rejects.toThrow(TypeError);
      },
    );

    it('refuses a metadata name that a driver would change', async () => {
      const about = { type: 'a/b', metadata: { 'source-url': 'x' } };
      await expect(store.put(newKey(), { stream: streamOf(Buffer.from('x')) }, about)).rejects.toThrow(
        TypeError,
      );
    });
  });
};
