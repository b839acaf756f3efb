import { type MediaKind, mediaKinds } from '@heavy/contracts';
import { type Command, countOf, oneOf, parseOptions } from '../command.ts';
import { findMedia, type MediaObject, shortHash } from '../media-objects.ts';
import { withSystem } from '../system.ts';
import { cut, table, visible } from '../table.ts';
import { countText, durationText, sizeText, timeText } from '../words.ts';

const sorts = {
  size: (a, b) => b.info.sizeBytes - a.info.sizeBytes,
  asked: (a, b) => b.askedCount - a.askedCount || Number(b.askedAt ?? 0) - Number(a.askedAt ?? 0),
  stored: (a, b) => Number(b.info.storedAt) - Number(a.info.storedAt),
} satisfies Record<string, (a: MediaObject, b: MediaObject) => number>;
const sortNames = Object.keys(sorts) as (keyof typeof sorts)[];

const columns = [
  ...[{ heading: 'hash' }, { heading: 'kind' }, { heading: 'size', right: true }],
  ...[{ heading: 'length', right: true }, { heading: 'title' }, { heading: 'asked', right: true }],
  ...[{ heading: 'last asked' }, { heading: 'stored' }, { heading: 'source' }],
];
const titleColumns = 40;

const row = ({ info, kind, hash, durationS, askedAt, askedCount }: MediaObject): string[] => [
  ...[shortHash(hash), kind, sizeText(info.sizeBytes), durationText(durationS)],
  cut(visible(info.metadata['title'] ?? ''), titleColumns),
  ...[String(askedCount), timeText(askedAt), timeText(info.storedAt)],
  visible(info.metadata['sourceUrl'] ?? ''),
];

const json = ({ info, kind, hash, durationS, askedAt, askedCount }: MediaObject): string =>
  JSON.stringify({
    ...{ key: info.key, hash, kind, sizeBytes: info.sizeBytes, durationS, title: info.metadata['title'] },
    ...{ askedCount, askedAt, storedAt: info.storedAt, sourceUrl: info.metadata['sourceUrl'] },
  });

export const mediaList: Command = {
  summary: 'what is stored, and how often it was asked for',
  usage: `npm run heavy -- media list [options]
  --kind <kind>    ${mediaKinds.join(' or ')}; both without it
  --sort <order>   ${sortNames.join(', ')}: the largest, the most often asked for, or the newest first (stored)
  --limit <n>      so many at most
  --json           one JSON object a line
  --dir <folder>   the system that npm start --dir <folder> runs`,

  async run(args, { out, err }) {
    const values = parseOptions(args, {
      kind: { type: 'string' },
      sort: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
      dir: { type: 'string' },
    });
    const kind = oneOf<MediaKind>('kind', values.kind, mediaKinds);
    const order = sorts[oneOf('sort', values.sort, sortNames) ?? 'stored'];
    const limit = countOf('limit', values.limit) ?? Number.POSITIVE_INFINITY;
    const all = await withSystem(values.dir, (system) => findMedia(system, kind ? { kinds: [kind] } : {}));
    const shown = all.sort(order).slice(0, limit);
    if (values.json) for (const one of shown) out(json(one));
    else if (all.length === 0) err('Nothing is stored.');
    else {
      for (const line of table(columns, shown.map(row))) out(line);
      const bytes = all.reduce((sum, { info }) => sum + info.sizeBytes, 0);
      const of = shown.length < all.length ? `${shown.length} of ` : '';
      err(`${of}${countText(all.length, 'object')}, ${sizeText(bytes)} in all`);
    }
    return 0;
  },
};
