import { resolve } from 'node:path';
import { rootDir } from '@heavy/stack';
import {
  isSealed,
  openSession,
  SessionUnreadable,
  sealedWith,
  sealSession,
  sessionKeyId,
} from '@heavy/telegram';
import { type Command, Failed, parseOptions } from '../command.ts';
import { accountSettings } from '../config.ts';
import {
  readSessionFile,
  type SessionName,
  sessionFile,
  sessionNames,
  writeSessionFiles,
} from '../session-files.ts';
import { keyFrom } from '../session-key.ts';

export const sessionRotateKey: Command = {
  summary: 'seals the sessions with another key',
  usage: `npm run heavy -- session rotate-key [options]
  --dir <folder>   the sessions in <folder>/.heavy/sessions; the repository's by default

Opens them with HEAVY_SESSION_KEY and seals them with HEAVY_SESSION_KEY_NEW; each also as <NAME>_FILE. The sessions
themselves stay what they are: nobody has to log in again. Broken off half-way, one of them may be sealed with the new key and
the other with the old one; called again, it goes on from there.`,

  async run(args, { out }) {
    const { dir } = parseOptions(args, { dir: { type: 'string' } });
    const home = resolve(dir ?? rootDir);
    const settings = accountSettings(home);
    const old = keyFrom(settings, 'HEAVY_SESSION_KEY', home);
    const next = keyFrom(settings, 'HEAVY_SESSION_KEY_NEW', home);
    const [oldId, nextId] = [sessionKeyId(old), sessionKeyId(next)];
    if (oldId === nextId) throw new Failed(`Both keys are the same one (${nextId}).`);

    const resealed = (name: SessionName): string => {
      const file = sessionFile(home, name);
      const text = readSessionFile(home, name);
      if (text === undefined) throw new Failed(`There is no ${file}: npm run login makes it.`);
      try {
        const session = isSealed(text) ? openSession(text, [old, next]) : text;
        return sealedWith(text) === nextId ? text : sealSession(session, next);
      } catch (cause) {
        if (!(cause instanceof SessionUnreadable)) throw cause;
        throw new Failed(`${file}: ${cause.message} Nothing was changed.`, { cause });
      }
    };
    const [gateway, sender] = sessionNames.map(resealed);
    writeSessionFiles(home, { gateway: gateway ?? '', sender: sender ?? '' });
    out(
      `The sessions of ${sessionNames.join(' and ')} are sealed with the key ${nextId} now; ${oldId} opens them no more.`,
    );
    out(
      'Name the new key as HEAVY_SESSION_KEY (or _FILE) in place of the old one, and restart what uses them.',
    );
    return 0;
  },
};
