import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { surroundings } from '../config.ts';

/** How to run a server: a binary of this machine, or a pinned Docker image. */
export type Program = { readonly command: string } | { readonly image: string };

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us: both mean that it cannot be run.
    return false;
  }
};

/** The first of `names` that can be run, as an absolute path: absolute names as they are, others along `path`. */
export const findCommand = (names: readonly string[], path = surroundings().path): string | undefined =>
  names
    .flatMap((name) =>
      isAbsolute(name)
        ? [name]
        : path
            .split(delimiter)
            .filter(isAbsolute)
            .map((folder) => join(folder, name)),
    )
    .find(isExecutable);
