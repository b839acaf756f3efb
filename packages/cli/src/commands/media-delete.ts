import { mediaKinds } from '@heavy/contracts';
import type { ObjectInfo } from '@heavy/media';
import { type Command, Failed, parse, UsageFault } from '../command.ts';
import { hashBeginning, hashOf } from '../media-objects.ts';
import { type System, withSystem } from '../system.ts';
import { visible } from '../table.ts';
import { countText, sizeText } from '../words.ts';

/** The media first: a thumbnail that is left over is removed by the store's retention, not the other way round. */
const folders = [...mediaKinds, 'thumb'];

const findAll = async (system: System, beginning: string): Promise<ObjectInfo[]> => {
  const found: ObjectInfo[] = [];
  for (const folder of folders)
    for await (const info of system.store.list(`${folder}/${beginning}`)) found.push(info);
  const hashes = new Set(found.map(({ key }) => hashOf(key)));
  if (hashes.size === 0) throw new Failed(`No hash that begins with ${beginning} is stored.`);
  if (hashes.size > 1)
    throw new Failed(`${hashes.size} hashes begin with ${beginning}: give more of the one that is meant.`);
  return found;
};

const described = ({ key, sizeBytes, metadata }: ObjectInfo): string =>
  [key, sizeText(sizeBytes), visible(metadata['title'] ?? '')].filter(Boolean).join('  ');

export const mediaDelete: Command = {
  summary: 'removes objects with their thumbnails and their record',
  usage: `npm run heavy -- media delete <hash or its beginning> [...] [options]
  --yes            without asking
  --json           one JSON object a line: what was removed
  --dir <folder>   the system that npm start --dir <folder> runs

Asked for again, the same thing is downloaded again. What is on its way to a chat at this moment may not arrive.`,

  async run(args, { out, err, ask }) {
    const { values, positionals } = parse(args, {
      yes: { type: 'boolean' },
      json: { type: 'boolean' },
      dir: { type: 'string' },
    });
    if (positionals.length === 0) throw new UsageFault('Which ones? Give hashes, or their beginnings.');
    const beginnings = positionals.map(hashBeginning);
    if (!values.yes && !ask) throw new UsageFault('There is nobody to ask here: give --yes as well.');
    return await withSystem(values.dir, async (system) => {
      const found = new Map<string, ObjectInfo>();
      for (const beginning of beginnings)
        for (const info of await findAll(system, beginning)) found.set(info.key, info);
      if (!values.yes) {
        for (const info of found.values()) err(described(info));
        if (!(await ask?.(`Delete ${countText(found.size, 'object')}?`))) {
          err('Nothing was deleted.');
          return 1;
        }
      }
      for (const info of found.values()) {
        await system.asked.forget(info.key);
        await system.store.delete(info.key);
        const { key, sizeBytes } = info;
        out(values.json ? JSON.stringify({ deleted: key, sizeBytes }) : `deleted ${described(info)}`);
      }
      return 0;
    });
  },
};
