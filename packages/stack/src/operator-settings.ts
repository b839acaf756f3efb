import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rootDir } from './paths.ts';

/** What `npm start` has read already, whichever way it was given: each of two services has a session of its own. */
const read = new Set(['TELEGRAM_API_HASH', 'TELEGRAM_SESSION'].flatMap((name) => [name, `${name}_FILE`]));

const propertiesOf = (exported: unknown): string[] =>
  typeof exported === 'object' && exported !== null && 'properties' in exported
    ? Object.keys(exported.properties as object)
    : [];

/**
 * What of the operator's variables a service knows by the schema in its `src/config.ts`, as `<NAME>` or `<NAME>_FILE`: what
 * it does not know it is not given.
 */
export const operatorSettings = async (
  service: string,
  all: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const config = join(rootDir, 'services', service, 'src', 'config.ts');
  const exports = (await import(pathToFileURL(config).href)) as Record<string, unknown>;
  const known = Object.values(exports)
    .flatMap(propertiesOf)
    .flatMap((name) => [name, `${name}_FILE`])
    .filter((name) => !read.has(name));
  return Object.fromEntries(known.flatMap((name) => (all[name] ? [[name, all[name]]] : [])));
};
