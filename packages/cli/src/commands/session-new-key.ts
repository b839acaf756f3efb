import { join, resolve } from 'node:path';
import { rootDir } from '@heavy/stack';
import { newSessionKey, parseSessionKey, sessionKeyId } from '@heavy/telegram';
import { type Command, Failed, parse, UsageFault } from '../command.ts';
import { writeSecretFile } from '../session-files.ts';

const make = (file: string, key: string): void => {
  try {
    writeSecretFile(file, key);
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST'
        ? 'is there already: a key that sessions are sealed with is never overwritten'
        : `cannot be made (${code})`;
    throw new Failed(`${file} ${reason}.`, { cause });
  }
};

export const sessionNewKey: Command = {
  summary: 'makes a key to seal sessions with',
  usage: `npm run heavy -- session new-key <file>

Writes a new key into a new file that only this user can read. A relative path is seen from the repository. Keep the file
apart from the sessions: whoever has both has the account.`,

  async run(args, { out }) {
    const { positionals } = parse(args, {});
    const [name, further] = positionals;
    if (name === undefined) throw new UsageFault('Into which file?');
    if (further !== undefined) throw new UsageFault(`"${further}" is one word too many.`);
    const file = resolve(rootDir, name);
    const key = newSessionKey();
    make(file, key);
    out(
      `A new key (${sessionKeyId(parseSessionKey(key))}) is in ${file}, for this user only. Keep a copy of it.`,
    );
    out(`Name it in ${join(rootDir, '.env')}:`);
    out(`  HEAVY_SESSION_KEY_FILE=${file}`);
    return 0;
  },
};
