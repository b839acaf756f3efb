import { createAccess } from '@heavy/access';
import { type Command, parseOptions } from '../command.ts';
import { withRedis } from '../system.ts';
import { cut, table, visible } from '../table.ts';
import { countText, timeText } from '../words.ts';

const columns = [
  ...[{ heading: 'what' }, { heading: 'id', right: true }, { heading: 'name' }, { heading: 'standing' }],
  ...[{ heading: 'until' }, { heading: 'since' }, { heading: 'by', right: true }],
];
const nameColumns = 30;

export const accessList: Command = {
  summary: 'who is blessed or banned, which chats are graced or smitten',
  usage: `npm run heavy -- access list [options]
  --json           one JSON object a line
  --dir <folder>   the system that npm start --dir <folder> runs

What is not readable keeps out: such a user counts as banned, such a chat as smitten, until an admin says something else.`,

  async run(args, { out, err }) {
    const values = parseOptions(args, { json: { type: 'boolean' }, dir: { type: 'string' } });
    const all = await withRedis(values.dir, (redis) => createAccess(redis).list());
    if (values.json) for (const { target, entry } of all) out(JSON.stringify({ ...target, ...entry }));
    else if (all.length === 0) err('Nobody is blessed or banned, and no chat graced or smitten.');
    else {
      const rows = all.map(
        ({ target: { kind, id }, entry: { standing, since, until, by, name, unreadable } }) => [
          ...[kind, String(id), cut(visible(name ?? ''), nameColumns)],
          ...(unreadable
            ? [`${standing} (not readable)`]
            : [
                standing,
                until ? timeText(new Date(until)) : 'for ever',
                timeText(new Date(since)),
                String(by),
              ]),
        ],
      );
      for (const line of table(columns, rows)) out(line);
      const chats = all.filter(({ target }) => target.kind === 'chat').length;
      err(`${countText(all.length - chats, 'user')}, ${countText(chats, 'chat')}`);
    }
    return 0;
  },
};
