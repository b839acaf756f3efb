import { resolve } from 'node:path';
import { rootDir } from '@heavy/stack';
import {
  isSealed,
  openSession,
  parseSessionKey,
  SessionUnreadable,
  sealedWith,
  sessionFingerprint,
} from '@heavy/telegram';
import { type Command, parseOptions } from '../command.ts';
import { type AccountSettings, accountSettings, namesSession } from '../config.ts';
import { readSessionFile, type SessionName, sessionFile, sessionNames } from '../session-files.ts';
import { askWhoTheyAre, type SessionOwner } from '../session-owners.ts';
import { table, visible } from '../table.ts';
import { telegramApi } from '../telegram-api.ts';

/** What is known of a session without asking Telegram. */
interface Found {
  name: SessionName;
  file: string;
  state: 'sealed' | 'plain' | 'unreadable' | 'missing';
  keyId?: string;
  fingerprint?: string;
  /** A sentence. */
  fault?: string;
  /** The plain session. Not to be shown. */
  session?: string;
}

const examine = (home: string, settings: AccountSettings, name: SessionName): Found => {
  const file = sessionFile(home, name);
  const text = readSessionFile(home, name);
  if (text === undefined) return { name, file, state: 'missing', fault: 'npm run login makes it.' };
  const keyId = sealedWith(text);
  const known = { name, file, ...(keyId !== undefined && { keyId }) };
  try {
    const keys = [settings.HEAVY_SESSION_KEY, settings.HEAVY_SESSION_KEY_NEW]
      .filter((key) => key !== undefined)
      .map(parseSessionKey);
    const session = isSealed(text) ? openSession(text, keys) : text;
    const fingerprint = sessionFingerprint(session);
    return { ...known, state: isSealed(text) ? 'sealed' : 'plain', fingerprint, session };
  } catch (cause) {
    if (!(cause instanceof SessionUnreadable)) throw cause;
    return { ...known, state: 'unreadable', fault: cause.message };
  }
};

export const sessionCheck: Command = {
  summary: 'whether the sessions can be opened, and what they are',
  usage: `npm run heavy -- session check [options]
  --connect        asks Telegram as well whose they are
  --json           one JSON object a line
  --dir <folder>   the sessions in <folder>/.heavy/sessions; the repository's by default

Opens them with HEAVY_SESSION_KEY, or with HEAVY_SESSION_KEY_NEW where that is set; each also as <NAME>_FILE. Telegram ends a
session that is used from two places: --connect is refused while a service uses them, as Redis knows it. Exit code 1 where
something is wrong with them.`,

  async run(args, terminal) {
    const { dir, json, connect } = parseOptions(args, {
      connect: { type: 'boolean' },
      json: { type: 'boolean' },
      dir: { type: 'string' },
    });
    const { out, err } = terminal;
    const home = resolve(dir ?? rootDir);
    const settings = accountSettings(home);
    const found = sessionNames.map((name) => examine(home, settings, name));
    const faults = found.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault}`]));
    const fingerprints = found.flatMap(({ fingerprint }) => fingerprint ?? []);
    if (new Set(fingerprints).size < fingerprints.length)
      faults.push(
        'Both files hold the same session, and Telegram ends one that is used twice: npm run login -- --replace.',
      );

    const usable = found.flatMap(({ name, session, fingerprint }) =>
      session !== undefined && fingerprint !== undefined ? [{ name, session, fingerprint }] : [],
    );
    const owners = connect
      ? await askWhoTheyAre({
          ...{ sessions: usable, dir, terminal },
          api: await telegramApi(settings, terminal),
        })
      : new Map<SessionName, SessionOwner>();
    const ids = new Set<number>();
    for (const [name, owner] of owners)
      if (owner.id === undefined) faults.push(`${sessionFile(home, name)}: ${owner.refused}`);
      else ids.add(owner.id);
    if (ids.size > 1) faults.push('The two sessions are those of two accounts.');

    if (json)
      for (const { session: _, ...shown } of found)
        out(JSON.stringify({ ...shown, ...(connect && { account: owners.get(shown.name) }) }));
    else {
      const columns = ['session', 'state', 'key', 'fingerprint', ...(connect ? ['account'] : [])];
      const rows = found.map(({ name, state, keyId = '', fingerprint = '' }) => [
        ...[name, state, keyId, fingerprint],
        ...(connect ? [visible(owners.get(name)?.text ?? '')] : []),
      ]);
      for (const line of table(
        columns.map((heading) => ({ heading })),
        rows,
      ))
        out(line);
    }
    for (const name of sessionNames)
      if (namesSession(home, name))
        err(
          `${name.toUpperCase()}_TELEGRAM_SESSION is set: npm start takes that one, and not ${sessionFile(home, name)}.`,
        );
    for (const fault of faults) err(fault);
    return faults.length > 0 ? 1 : 0;
  },
};
