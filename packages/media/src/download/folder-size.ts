import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const namesIn = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });

/** The files of a folder and below, with bytes and Unix time in milliseconds. Files that go meanwhile are left out. */
export const filesIn = async (
  folder: string,
): Promise<{ path: string; isRegular: boolean; sizeBytes: number; changedAt: number }[]> => {
  const found = await Promise.all(
    (await namesIn(folder)).map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      const stats = await lstat(path).catch(() => null);
      return stats
        ? [{ path, isRegular: stats.isFile(), sizeBytes: stats.size, changedAt: stats.mtimeMs }]
        : [];
    }),
  );
  return found.flat();
};

/** Merging writes pictures and sound a second time, under a name with this in it. */
const copy = /\.temp\.[^.]+$/;

/**
 * Looks at a folder again and again while `work` runs, and calls `onExceeded` once when the files in it come to more
 * than `maxBytes`: sources tell no length, or a false one.
 */
export const watchFolder = async <T>(
  folder: string,
  maxBytes: number,
  onExceeded: () => void,
  work: () => Promise<T>,
): Promise<T> => {
  let looking = false;
  let exceeded = false;
  const timer = setInterval(() => {
    if (looking || exceeded) return;
    looking = true;
    filesIn(folder)
      .then((files) => {
        const sum = files
          .filter(({ path }) => !copy.test(path))
          .reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
        exceeded = sum > maxBytes;
        if (exceeded) onExceeded();
      })
      // A folder that cannot be read this time is looked at again.
      .catch(() => {})
      .finally(() => {
        looking = false;
      });
  }, 100);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
