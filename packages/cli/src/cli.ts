import { ConfigInvalid } from '@heavy/service';
import { type Command, Failed, type Terminal, UsageFault } from './command.ts';
import { accessAudit } from './commands/access-audit.ts';
import { accessExport } from './commands/access-export.ts';
import { accessImport } from './commands/access-import.ts';
import { accessList } from './commands/access-list.ts';
import { jobsList } from './commands/jobs-list.ts';
import { jobsPause, jobsResume } from './commands/jobs-pause.ts';
import { jobsRetry } from './commands/jobs-retry.ts';
import { jobsShow } from './commands/jobs-show.ts';
import { login } from './commands/login.ts';
import { mediaDelete } from './commands/media-delete.ts';
import { mediaList } from './commands/media-list.ts';
import { mediaShow } from './commands/media-show.ts';
import { sessionCheck } from './commands/session-check.ts';
import { sessionNewKey } from './commands/session-new-key.ts';
import { sessionRotateKey } from './commands/session-rotate-key.ts';
import { ytDlpRollback, ytDlpUpdate, ytDlpVersion } from './commands/ytdlp.ts';

const commands: ReadonlyMap<string, Command> = new Map([
  ['login', login],
  ['session new-key', sessionNewKey],
  ['session check', sessionCheck],
  ['session rotate-key', sessionRotateKey],
  ['media list', mediaList],
  ['media show', mediaShow],
  ['media delete', mediaDelete],
  ['jobs list', jobsList],
  ['jobs show', jobsShow],
  ['jobs retry', jobsRetry],
  ['jobs pause', jobsPause],
  ['jobs resume', jobsResume],
  ['access list', accessList],
  ['access audit', accessAudit],
  ['access export', accessExport],
  ['access import', accessImport],
  ['ytdlp version', ytDlpVersion],
  ['ytdlp update', ytDlpUpdate],
  ['ytdlp rollback', ytDlpRollback],
]);

const usage = `npm run heavy -- <command> [options]
${[...commands].map(([name, { summary }]) => `  ${name.padEnd(19)} ${summary}`).join('\n')}

--help after a command tells all about it. The media, jobs and access commands work on the system that the environment names, by
REDIS_URL and for media MEDIA_STORE (with S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY), or else on the one that npm start or
npm run demo runs here.`;

/** The words that are a command's name: `login`, or the two of `media list`; the first two where there is no such command. */
const nameOf = (words: readonly string[]): string => {
  const [first = ''] = words;
  return commands.has(first) ? first : words.slice(0, 2).join(' ');
};

/** What is said of a name that is none: with what the first word goes on, where it is the first of some. */
const unknownText = (name: string): string => {
  if (name === '') return 'Which command?';
  const further = [...commands.keys()].flatMap((known) =>
    known.startsWith(`${name} `) ? known.slice(name.length + 1) : [],
  );
  return further.length > 0 ? `${name} what? ${further.join(', ')}.` : `There is no command "${name}".`;
};

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

/** Runs the command that the words name. Resolves with the exit code: 2 where they make no sense, 1 where it cannot be done. */
export const runCli = async (words: readonly string[], terminal: Terminal): Promise<number> => {
  const name = nameOf(words);
  const command = commands.get(name);
  const args = words.slice(name.split(' ').length);
  if (words.some(isHelp)) {
    terminal.out(command?.usage ?? usage);
    return 0;
  }
  const misused = (fault: string): number => {
    terminal.err(`${fault}\n\n${command?.usage ?? usage}`);
    return 2;
  };
  if (!command) return misused(unknownText(name));
  try {
    return await command.run([...args], terminal);
  } catch (error) {
    if (error instanceof UsageFault) return misused(error.message);
    if (terminal.signal.aborted) return 130;
    if (!(error instanceof Failed || error instanceof ConfigInvalid)) throw error;
    terminal.err(error.message);
    return 1;
  }
};
