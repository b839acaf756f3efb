import { randomUUID } from 'node:crypto';
import { type Access, createAccess } from '@heavy/access';
import { type AccessRow, readAccessFile } from '../access-file.ts';
import { type Command, parse, UsageFault } from '../command.ts';
import { withRedis } from '../system.ts';
import { visible } from '../table.ts';
import { timeText } from '../words.ts';

type Outcome = 'restored' | 'unchanged' | 'ran_out' | 'removed';

const nameOf = ({ target: { kind, id }, entry: { name } }: AccessRow): string =>
  `${kind} ${id}${name === undefined ? '' : ` (${visible(name)})`}`;

const timeOf = (iso: string): string => timeText(new Date(iso));

const sentences: Record<Outcome, ((row: AccessRow) => string) | null> = {
  restored: ({ entry: { standing, until } }) =>
    `${standing} ${until ? `until ${timeOf(until)}` : 'for ever'}`,
  unchanged: null,
  ran_out: ({ entry: { until = '' } }) => `left out, it ended ${timeOf(until)}`,
  removed: ({ entry: { standing } }) => `no longer ${standing}`,
};

async function* importInto(
  access: Access,
  rows: AccessRow[],
  replace: boolean,
): AsyncGenerator<[Outcome, AccessRow]> {
  const importId = `import:${randomUUID()}`;
  const kept = new Set<string>();
  const keyOf = ({ target: { kind, id } }: AccessRow): string => `${kind} ${id}`;
  for (const row of rows) {
    const outcome = await access.restore(importId, row.target, row.entry);
    if (outcome !== 'ran_out') kept.add(keyOf(row));
    yield [outcome, row];
  }
  if (!replace) return;
  for (const row of await access.list()) {
    if (kept.has(keyOf(row))) continue;
    const { target } = row;
    const { name } = row.entry;
    await access.change({
      ...{ id: `${importId}:${target.kind}:${target.id}`, word: 'pardon', target, by: 0, chatId: 0 },
      ...(name === undefined ? {} : { name }),
    });
    yield ['removed', row];
  }
}

export const accessImport: Command = {
  summary: 'brings back what access export wrote',
  usage: `npm run heavy -- access import <file> [options]
  --replace        also removes what holds now and is not in the file
  --json           one JSON object a line: what became of each
  --dir <folder>   the system that npm start --dir <folder> runs

What the file says of somebody replaces what holds of them; ends stay where they were, and what has ended since is left out.
Each change is in access audit. Nothing is changed where anything in the file is at fault.`,

  async run(args, { out, err }) {
    const { values, positionals } = parse(args, {
      replace: { type: 'boolean' },
      json: { type: 'boolean' },
      dir: { type: 'string' },
    });
    const [file, ...more] = positionals;
    if (file === undefined) throw new UsageFault('Which file?');
    if (more.length > 0) throw new UsageFault(`"${more[0]}" is one word too many.`);
    const rows = readAccessFile(file);
    const counts: Record<Outcome, number> = { restored: 0, unchanged: 0, ran_out: 0, removed: 0 };
    await withRedis(values.dir, async (redis) => {
      for await (const [outcome, row] of importInto(createAccess(redis), rows, values.replace ?? false)) {
        counts[outcome] += 1;
        const sentence = sentences[outcome]?.(row);
        if (values.json) out(JSON.stringify({ outcome, ...row.target, ...row.entry }));
        else if (sentence !== undefined) out(`${nameOf(row)}: ${sentence}`);
      }
    });
    const { restored, unchanged, ran_out: ranOut, removed } = counts;
    err(`${restored} restored, ${unchanged} unchanged, ${ranOut} left out as ended, ${removed} removed`);
    return 0;
  },
};
