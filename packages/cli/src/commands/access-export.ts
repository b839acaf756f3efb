import { createAccess } from '@heavy/access';
import { accessFileText, writeAccessFile } from '../access-file.ts';
import { type Command, parse, UsageFault } from '../command.ts';
import { withRedis } from '../system.ts';
import { countText } from '../words.ts';

export const accessExport: Command = {
  summary: 'all that holds, as JSON for access import',
  usage: `npm run heavy -- access export [file] [options]
  --dir <folder>   the system that npm start --dir <folder> runs

Prints it where no file is named. The trail of access audit is not in it. What is not readable is left out: exit code 1.`,

  async run(args, { out, err }) {
    const { values, positionals } = parse(args, { dir: { type: 'string' } });
    const [file, ...more] = positionals;
    if (more.length > 0) throw new UsageFault(`"${more[0]}" is one word too many.`);
    const all = await withRedis(values.dir, (redis) => createAccess(redis).list());
    const rows = all.filter(({ entry }) => !entry.unreadable);
    const text = accessFileText(rows);
    if (file === undefined) out(text);
    else {
      writeAccessFile(file, text);
      err(`${countText(rows.length, 'standing')} in ${file}`);
    }
    for (const { target, entry } of all)
      if (entry.unreadable)
        err(`Left out, as it is not readable and counts as ${entry.standing}: ${target.kind} ${target.id}.`);
    return rows.length === all.length ? 0 : 1;
  },
};
