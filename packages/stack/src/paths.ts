import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, absolute and without a slash at the end. */
export const rootDir = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/u, '');

/** Where one-machine use keeps its data, absolute. */
export const dataDir = join(rootDir, '.heavy');
