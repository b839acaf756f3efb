import { redisKeys } from '@heavy/contracts';
import {
  AuthLost,
  acquireSessionLease,
  createAccount,
  NotConnected,
  refusalRemedy,
  type SessionLease,
} from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { Failed, type Terminal } from './command.ts';
import type { SessionName } from './session-files.ts';
import { silent } from './silent.ts';
import { redisAtHand, withRedis } from './system.ts';
import type { TelegramApi } from './telegram-api.ts';

/** Whose a session is, as Telegram says; or that Telegram refuses it, in a sentence. */
export interface SessionOwner {
  id?: number;
  /** For a person. */
  text: string;
  refused?: string;
}

interface OpenSession {
  name: SessionName;
  session: string;
  fingerprint: string;
}

interface Question {
  sessions: readonly OpenSession[];
  api: TelegramApi;
  /** Of the system whose Redis knows who uses the sessions. */
  dir: string | undefined;
  terminal: Terminal;
}

const withinMs = 30_000;

const whoIs = async (session: string, { api }: Question, signal: AbortSignal): Promise<SessionOwner> => {
  const account = createAccount({ session, ...api, log: silent });
  const late = AbortSignal.timeout(withinMs);
  try {
    const { id, username, name, maskedPhone } = await account.connect(AbortSignal.any([signal, late]));
    return { id, text: [id, username ? `@${username}` : name, maskedPhone].filter(Boolean).join(' ') };
  } catch (cause) {
    if (cause instanceof AuthLost) return { text: cause.code, refused: refusalRemedy(cause) };
    signal.throwIfAborted();
    if (late.aborted || cause instanceof NotConnected)
      throw new Failed('Telegram cannot be reached.', { cause });
    throw cause;
  } finally {
    await account.close();
  }
};

/** Takes the session for as long as it is looked at, so that no service begins to use it meanwhile. */
const takeSession = async (
  redis: Redis,
  { name, fingerprint }: OpenSession,
  signal: AbortSignal,
): Promise<SessionLease> => {
  const inUse = new AbortController();
  return await acquireSessionLease({
    ...{ redis, holder: 'heavy session check', log: silent },
    key: redisKeys.session(fingerprint),
    signal: AbortSignal.any([signal, inUse.signal]),
    onWaiting: (holder) =>
      inUse.abort(
        new Failed(`${holder} uses the session of the ${name}: stop it first. It was not connected.`),
      ),
  });
};

/**
 * Connects with one session after the other, and asks Telegram whose it is.
 * @throws {Failed} where something uses one of them, or may use it and nobody says that it does not.
 */
export const askWhoTheyAre = async (question: Question): Promise<Map<SessionName, SessionOwner>> => {
  const { sessions, dir, terminal } = question;
  const { ask, signal } = terminal;
  const owners = new Map<SessionName, SessionOwner>();
  const atHand = redisAtHand(dir);
  if (!atHand) {
    const doubt = 'Without Redis nobody can tell whether a service uses the sessions';
    if (!ask) throw new Failed(`${doubt}, and there is nobody to ask here: set REDIS_URL.`);
    if (!(await ask(`${doubt}; Telegram would end them then. Does nothing use them?`)))
      throw new Failed('They were not connected.');
    for (const { name, session } of sessions) owners.set(name, await whoIs(session, question, signal));
    return owners;
  }
  return await withRedis(atHand.folder, async (redis) => {
    for (const one of sessions) {
      const lease = await takeSession(redis, one, signal);
      try {
        owners.set(one.name, await whoIs(one.session, question, AbortSignal.any([signal, lease.signal])));
      } finally {
        await lease.release();
      }
    }
    return owners;
  });
};
