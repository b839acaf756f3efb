import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link as hardLink, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readBlocks } from '../read-blocks.ts';
import {
  checkKey,
  checkMetadata,
  clipRange,
  isKey,
  type MediaStore,
  type ObjectInfo,
  ObjectMissing,
  SourceMismatch,
} from './media-store.ts';
import { sourceStreams } from './source-stream.ts';

/** An object's entry file. It names the file of the bytes, so that replacing the entry replaces both at once. */
interface Entry extends Omit<ObjectInfo, 'key' | 'storedAt'> {
  storedAt: string;
  data: string;
}

const isCode = (error: unknown, ...codes: string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code));

/** Writes through to the disk: what was renamed into a folder is there after a power failure. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** Ranges up to this length are read in one piece. */
const wholeRangeBytes = 1024 * 1024;

/**
 * Gives a file a second name, and its bytes to the disk: what is large is not written twice. False where that cannot be, most
 * of all on another file system.
 */
const link = async (from: string, to: string): Promise<boolean> => {
  try {
    await hardLink(from, to);
  } catch (error) {
    if (isCode(error, 'EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return false;
    throw error;
  }
  const file = await open(to, 'r');
  try {
    // It may be as old as its origin says, and what is old is swept.
    const now = new Date();
    await file.utimes(now, now);
    await file.sync();
  } finally {
    await file.close();
  }
  return true;
};

/** Copies a file to a new one, and through to the disk. @throws {SourceMismatch} where it changes its length meanwhile. */
const copy = async (from: string, to: string, signal: AbortSignal | undefined): Promise<void> => {
  const { size } = await stat(from);
  const file = await open(to, 'wx');
  try {
    let copied = 0;
    const write = (block: Buffer): Promise<void> => {
      copied += block.length;
      return file.writeFile(block);
    };
    await readBlocks(from, write, signal);
    if (copied !== size) throw new SourceMismatch(`${copied} bytes of a file of ${size}`);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** What a dead put left in `incoming/` is removed after this time. */
const abandonedMs = 24 * 3600 * 1000;

/**
 * Keeps objects in a folder: `entries/<key>.json` holds size, type and metadata and names the bytes in
 * `data/<key>.<id>`. Bytes are written to `incoming/`, synced and renamed; then the entry is. For any number of
 * processes on one machine; should two replace one object in the same instant, the loser's bytes may stay on the disk.
 */
export const createDirectoryStore = ({ dir }: { dir: string }): MediaStore => {
  const root = resolve(dir);
  const incoming = join(root, 'incoming');
  const entryPath = (key: string): string => join(root, 'entries', `${key}.json`);
  const dataPath = (name: string): string => join(root, 'data', name);

  const entryOf = async (key: string): Promise<Entry | null> => {
    checkKey(key);
    try {
      return JSON.parse(await readFile(entryPath(key), 'utf8')) as Entry;
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return null;
      throw error;
    }
  };

  /** The keys below a folder of entries; `path` is empty or ends with a slash. */
  const keysBelow = async function* (path: string, prefix: string): AsyncGenerator<string> {
    const names = await readdir(join(root, 'entries', path), { withFileTypes: true }).catch(
      (error: unknown) => {
        // Nothing was ever stored here.
        if (isCode(error, 'ENOENT')) return [];
        throw error;
      },
    );
    for (const name of names) {
      const below = `${path}${name.name}`;
      const key = below.replace(/\.json$/, '');
      if (name.isDirectory()) {
        if (`${below}/`.startsWith(prefix) || prefix.startsWith(`${below}/`))
          yield* keysBelow(`${below}/`, prefix);
      } else if (key !== below && key.startsWith(prefix) && isKey(key)) yield key;
    }
  };

  const infoOf = (key: string, { sizeBytes, type, metadata, storedAt }: Entry): ObjectInfo => ({
    key,
    sizeBytes,
    type,
    metadata,
    storedAt: new Date(storedAt),
  });

  const sweepIncoming = async (): Promise<void> => {
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name);
      const age = await stat(path).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        // Its put has just renamed it.
        () => 0,
      );
      if (age > abandonedMs) await rm(path, { force: true });
    }
  };
  let swept = false;
  const prepare = async (): Promise<void> => {
    // Each time: somebody may have removed the whole folder.
    await mkdir(incoming, { recursive: true });
    if (swept) return;
    swept = true;
    await sweepIncoming();
  };

  /** Moves a synced file to its place for good. */
  const install = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    await syncFolder(dirname(to));
  };

  /** In this process one put at a time commits, so that each knows which bytes it replaces. */
  let committing: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = committing.then(work, work);
    // Its caller gets the failure; the next in line only waits.
    committing = result.catch(() => {});
    return result;
  };

  const openData = async (key: string) => {
    for (let attempt = 0; ; attempt += 1) {
      const entry = await entryOf(key);
      if (!entry) throw new ObjectMissing(key);
      try {
        return { entry, file: await open(dataPath(entry.data), 'r') };
      } catch (cause) {
        // Replaced or deleted between the two readings: the entry now says which.
        if (!isCode(cause, 'ENOENT')) throw cause;
        if (attempt >= 10) throw new Error(`the entry of ${key} names bytes that are not there`, { cause });
      }
    }
  };

  return {
    async put(key, source, { type, metadata }, signal) {
      checkKey(key);
      checkMetadata(metadata);
      signal?.throwIfAborted();
      await prepare();
      const id = randomUUID();
      const temporary = join(incoming, id);
      const temporaryEntry = `${temporary}.json`;
      try {
        if ('path' in source) {
          if (!(await link(source.path, temporary))) await copy(source.path, temporary, signal);
        } else
          await pipeline(
            [...(await sourceStreams(source)), createWriteStream(temporary, { flags: 'wx', flush: true })],
            signal ? { signal } : {},
          );
        const { size: sizeBytes } = await stat(temporary);
        const entry: Entry = {
          sizeBytes,
          type,
          metadata,
          storedAt: new Date().toISOString(),
          data: `${key}.${id}`,
        };
        await install(temporary, dataPath(entry.data));
        const file = await open(temporaryEntry, 'wx');
        try {
          await file.writeFile(JSON.stringify(entry));
          await file.sync();
        } finally {
          await file.close();
        }
        await inTurn(async () => {
          const replaced = await entryOf(key);
          await install(temporaryEntry, entryPath(key));
          if (replaced) await rm(dataPath(replaced.data), { force: true });
        });
        return infoOf(key, entry);
      } catch (error) {
        for (const path of [temporary, temporaryEntry]) await rm(path, { force: true });
        const current = await entryOf(key).catch(() => null);
        if (current?.data !== `${key}.${id}`) await rm(dataPath(`${key}.${id}`), { force: true });
        signal?.throwIfAborted();
        throw error;
      }
    },

    async find(key) {
      const entry = await entryOf(key);
      return entry && infoOf(key, entry);
    },

    async read(key, range): Promise<Readable> {
      const { entry, file } = await openData(key);
      try {
        // An open file can be read to its end even when it is replaced or deleted meanwhile.
        if (!range) return file.createReadStream();
        const { start, end } = clipRange(range, entry.sizeBytes);
        return file.createReadStream({
          start,
          end,
          highWaterMark: Math.min(end - start + 1, wholeRangeBytes),
        });
      } catch (error) {
        await file.close();
        throw error;
      }
    },

    async pathOf(key) {
      const entry = await entryOf(key);
      if (!entry) throw new ObjectMissing(key);
      return dataPath(entry.data);
    },

    delete(key) {
      return inTurn(async () => {
        const entry = await entryOf(key);
        if (!entry) return;
        await rm(entryPath(key), { force: true });
        await rm(dataPath(entry.data), { force: true });
      });
    },

    async *list(prefix = '') {
      for await (const key of keysBelow('', prefix)) {
        const entry = await entryOf(key);
        // Deleted since its folder was read.
        if (entry) yield infoOf(key, entry);
      }
    },

    async check() {
      await prepare();
      const probe = join(incoming, randomUUID());
      try {
        const file = await open(probe, 'wx');
        await file.close();
      } finally {
        await rm(probe, { force: true });
      }
    },
  };
};
