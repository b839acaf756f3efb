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
import { resealBotTokens } from '../bot-tokens.ts';
import { type Command, Failed, parseOptions } from '../command.ts';
import { accountSettings } from '../config.ts';
import {
  readSessionFile,
  type SessionName,
  sessionFile,
  sessionFilesOf,
  sessionNames,
  writeSessionFiles,
} from '../session-files.ts';
import { keyFrom } from '../session-key.ts';
import { redisAtHand, withRedis } from '../system.ts';

export const sessionRotateKey: Command = {
  summary: 'seals the sessions and the tokens of bots with another key',
  usage: `npm run heavy -- session rotate-key [options]
  --dir <folder>   the sessions in <folder>/.heavy/sessions; the repository's by default

Opens them with HEAVY_SESSION_KEY and seals them with HEAVY_SESSION_KEY_NEW; each also as <NAME>_FILE. The sessions
themselves stay what they are: nobody has to log in again. So do the tokens of the sender's bots, which are in Redis: in that of
REDIS_URL, or of what npm start runs here. Broken off half-way, some may be sealed with the new key and others with the old one; called
again, it goes on from there. What was sealed anew is opened by services that were restarted with the new key.`,

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
    const areSessions = sessionFilesOf(home).length > 0;
    const [gateway = '', sender = ''] = areSessions ? sessionNames.map(resealed) : [];
    const redis = redisAtHand(dir);
    const bots =
      redis && (await withRedis(redis.folder, (connection) => resealBotTokens(connection, old, next)));
    // A sender that serves bots alone has no session.
    if (!areSessions && !bots) sessionNames.forEach(resealed);
    if (areSessions) writeSessionFiles(home, { gateway, sender });
    const what = [
      ...(areSessions ? [`the sessions of ${sessionNames.join(' and ')}`] : []),
      ...(bots ? [`the tokens of ${bots} ${bots === 1 ? 'bot' : 'bots'}`] : []),
    ].join(', and ');
    out(`Sealed with the key ${nextId} now: ${what}. ${oldId} opens them no more.`);
    if (!redis)
      out(
        'There is no Redis at hand. If the sender serves bots, call this again while it runs, or with REDIS_URL: their tokens are there.',
      );
    out(
      'Name the new key as HEAVY_SESSION_KEY (or _FILE) in place of the old one, and restart what uses them.',
    );
    return 0;
  },
};
