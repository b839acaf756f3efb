import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectoryStore } from '../src/index.ts';
import { mediaStoreConformance } from './media-store-conformance.ts';

/** Memory, on Linux. */
const otherDisk = '/dev/shm';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-directory-store-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

mediaStoreConformance('createDirectoryStore', async () => createDirectoryStore({ dir: join(dir, 'suite') }));

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('createDirectoryStore on the disk', () => {
  const about = { type: 'video/mp4', metadata: {} };

  it('leaves one file of bytes and one entry for an object, however often it is replaced, and none once it is deleted', async () => {
    const folder = join(dir, 'tidy');
    const store = createDirectoryStore({ dir: folder });
    await Promise.all(
      [1, 2, 3, 4, 5].map((n) => store.put('video/a.mp4', { stream: Readable.from([`${n}`]) }, about)),
    );
    await expect(
      store.put('video/a.mp4', { stream: Readable.from(['x']), sizeBytes: 2 }, about),
    ).rejects.toThrow();
    expect(await filesOf(folder)).toHaveLength(2);
    await store.delete('video/a.mp4');
    expect(await filesOf(folder)).toEqual([]);
  });

  it('does not write a file of the same disk a second time, and keeps it when its first name goes', async () => {
    const path = join(dir, 'linked.mp4');
    await writeFile(path, 'a large file');
    const store = createDirectoryStore({ dir: join(dir, 'linking') });
    await store.put('video/a.mp4', { path }, about);
    expect((await stat(await store.pathOf!('video/a.mp4'))).ino).toBe((await stat(path)).ino);
    await rm(path);
    expect(await text(await store.read('video/a.mp4'))).toBe('a large file');
  });

  it.skipIf(!existsSync(otherDisk))('keeps a file of another disk', async () => {
    const elsewhere = await mkdtemp(join(otherDisk, 'heavy-directory-store-'));
    try {
      await writeFile(join(elsewhere, 'a.mp4'), 'a large file');
      const store = createDirectoryStore({ dir: join(dir, 'copying') });
      await store.put('video/a.mp4', { path: join(elsewhere, 'a.mp4') }, about);
      expect(await text(await store.read('video/a.mp4'))).toBe('a large file');
      expect(await filesOf(join(dir, 'copying'))).toHaveLength(2);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('shows nothing of a put whose process is killed with -9', async () => {
    const folder = join(dir, 'killed');
    const putter = spawn(
      process.execPath,
      [fileURLToPath(new URL('fixtures/endless-put.ts', import.meta.url)), folder],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(putter.stdout, 'data');
    putter.kill('SIGKILL');
    await once(putter, 'exit');
    const store = createDirectoryStore({ dir: folder });
    expect(await store.find('video/a.mp4')).toBeNull();
    // Its unfinished bytes are there, out of sight.
    expect(await filesOf(join(folder, 'incoming'))).toHaveLength(1);
    expect(await filesOf(folder)).toHaveLength(1);
  });

  it('lists nothing where nothing was stored, and makes no folder for it', async () => {
    const folder = join(dir, 'nothing');
    expect(await Array.fromAsync(createDirectoryStore({ dir: folder }).list())).toEqual([]);
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('lists no file that is no entry of its own', async () => {
    const folder = join(dir, 'strange');
    const store = createDirectoryStore({ dir: folder });
    await store.put('video/a.mp4', { stream: Readable.from(['x']) }, about);
    await writeFile(join(folder, 'entries', 'video', '.DS_Store'), 'x');
    await writeFile(join(folder, 'entries', 'video', 'a b.json'), 'x');
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(['video/a.mp4']);
  });

  it('removes what dead puts left a day ago', async () => {
    const folder = join(dir, 'swept');
    await createDirectoryStore({ dir: folder }).check();
    const [old, recent] = [join(folder, 'incoming', 'old'), join(folder, 'incoming', 'recent')];
    for (const path of [old, recent]) await writeFile(path, 'x');
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(old, yesterday, yesterday);
    await createDirectoryStore({ dir: folder }).check();
    expect(await readdir(join(folder, 'incoming'))).toEqual(['recent']);
  });

  it('stores again where its whole folder was removed under it', async () => {
    const folder = join(dir, 'removed');
    const store = createDirectoryStore({ dir: folder });
    const put = () => store.put('video/a.mp4', { stream: Readable.from(['x']) }, about);
    await put();
    await rm(folder, { recursive: true });
    await put();
    expect(await store.find('video/a.mp4')).toMatchObject({ sizeBytes: 1 });
  });

  it('is not healthy where its folder cannot be written', async () => {
    const file = join(dir, 'a-file');
    await writeFile(file, '');
    await expect(createDirectoryStore({ dir: join(file, 'x') }).check()).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });
});
