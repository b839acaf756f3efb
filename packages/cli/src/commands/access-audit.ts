import { type AccessTarget, type AuditRecord, createAccess } from '@heavy/access';
import { type Command, countOf, parseOptions, UsageFault } from '../command.ts';
import { withRedis } from '../system.ts';
import { cut, table, visible } from '../table.ts';
import { timeText } from '../words.ts';

const columns = [
  ...[{ heading: 'when' }, { heading: 'by', right: true }, { heading: 'word' }, { heading: 'what' }],
  ...[{ heading: 'id', right: true }, { heading: 'name' }, { heading: 'until' }],
  { heading: 'said in', right: true },
];
const nameColumns = 30;

/** An id that stands apart from its option would be taken for one: chats have negative ids. */
const joined = (args: readonly string[]): string[] => {
  const words: string[] = [];
  for (const word of args) {
    const last = words.at(-1);
    if (/^-\d+$/.test(word) && (last === '--chat' || last === '--user'))
      words.splice(-1, 1, `${last}=${word}`);
    else words.push(word);
  }
  return words;
};

const targetOf = (values: { user?: string; chat?: string }): AccessTarget | undefined => {
  const { user, chat } = values;
  if (user !== undefined && chat !== undefined) throw new UsageFault('Give --user or --chat, not both.');
  const text = user ?? chat;
  if (text === undefined) return undefined;
  const id = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new UsageFault(`"${text}" is no id.`);
  return { kind: user === undefined ? 'chat' : 'user', id };
};

const row = ({ at, by, word, target, name, until, chatId }: AuditRecord): string[] => [
  ...[timeText(new Date(at)), by === 0 ? 'import' : String(by), word, target.kind, String(target.id)],
  cut(visible(name ?? ''), nameColumns),
  word === 'pardon' ? '' : until ? timeText(new Date(until)) : 'for ever',
  chatId === 0 ? '' : String(chatId),
];

export const accessAudit: Command = {
  summary: 'who changed whose access, newest first',
  usage: `npm run heavy -- access audit [options]
  --limit <n>      so many at most; 50 without it
  --user <id>      of this user alone
  --chat <id>      of this chat alone
  --json           one JSON object a line
  --dir <folder>   the system that npm start --dir <folder> runs

About the last 100,000 changes are kept, also of what has ended since.`,

  async run(args, { out, err }) {
    const values = parseOptions(joined(args), {
      limit: { type: 'string' },
      user: { type: 'string' },
      chat: { type: 'string' },
      json: { type: 'boolean' },
      dir: { type: 'string' },
    });
    const limit = countOf('limit', values.limit) ?? 50;
    const target = targetOf(values);
    const records = await withRedis(values.dir, (redis) =>
      createAccess(redis).audit({ limit, ...(target ? { target } : {}) }),
    );
    if (values.json) for (const record of records) out(JSON.stringify(record));
    else if (records.length === 0) err('Nothing has been changed.');
    else for (const line of table(columns, records.map(row))) out(line);
    return 0;
  },
};
