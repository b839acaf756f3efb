import { type Command, Failed, parse, UsageFault } from '../command.ts';
import { findByUrl, findMedia, hashBeginning, type MediaObject } from '../media-objects.ts';
import { withSystem } from '../system.ts';
import { table, visible } from '../table.ts';
import { countText, durationText, sizeText, timeText } from '../words.ts';

const lines = ({ info, durationS, askedAt, askedCount }: MediaObject): string[] => {
  // The object's own count is that of when it was stored.
  const { durationS: _, askedCount: __, ...metadata } = info.metadata;
  const facts: [string, string][] = [
    ['key', info.key],
    ['type', info.type],
    ['size', `${sizeText(info.sizeBytes)} (${info.sizeBytes} bytes)`],
    ['length', durationText(durationS)],
    ['stored', timeText(info.storedAt)],
    ['asked', `${countText(askedCount, 'time')}${askedAt ? `, last ${timeText(askedAt)}` : ''}`],
    ...Object.entries(metadata).filter(([, value]) => value !== ''),
  ];
  return table(
    [{ heading: '' }, { heading: '' }],
    facts.map(([name, value]) => [name, visible(value)]),
  ).slice(1);
};

export const mediaShow: Command = {
  summary: 'everything that is known of an object',
  usage: `npm run heavy -- media show <hash, or its beginning, or a URL> [options]
  --json           one JSON object a line
  --dir <folder>   the system that npm start --dir <folder> runs`,

  async run(args, { out }) {
    const { values, positionals } = parse(args, { json: { type: 'boolean' }, dir: { type: 'string' } });
    const [what, further] = positionals;
    if (what === undefined) throw new UsageFault('Which one? Give a hash, its beginning, or a URL.');
    if (further !== undefined) throw new UsageFault(`"${further}" is one word too many.`);
    const isUrl = what.includes('://');
    const beginning = isUrl ? '' : hashBeginning(what);
    const found = await withSystem(values.dir, (system) =>
      isUrl ? findByUrl(system, what) : findMedia(system, { beginning }),
    );
    if (found.length === 0)
      throw new Failed(
        isUrl ? `Nothing that is stored comes from ${what}.` : `No hash that begins with ${what} is stored.`,
      );
    for (const [index, one] of found.entries()) {
      const { info, kind, hash, askedAt, askedCount } = one;
      if (values.json) out(JSON.stringify({ ...info, kind, hash, askedAt, askedCount }));
      else for (const line of [...(index > 0 ? [''] : []), ...lines(one)]) out(line);
    }
    return 0;
  },
};
