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

/** Tells the size of the files in a folder again and again while `work` runs: sources tell no length, or a false one. */
export const watchFolder = async <T>(
  folder: string,
  onSize: (bytes: number) => void,
  work: () => Promise<T>,
): Promise<T> => {
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    filesIn(folder)
      .then((files) => {
        onSize(
          files.filter(({ path }) => !copy.test(path)).reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
        );
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
