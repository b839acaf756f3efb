import { redisKeys } from '@heavy/contracts';
import { luaScript } from '@heavy/redis';
import type { Redis } from 'ioredis';
import {
  type AccessEntry,
  type AccessTarget,
  entryOf,
  entryText,
  fits,
  keyOf,
  unreadable,
} from './access-entry.ts';
import { type AccessWord, standingByWord, wordFor } from './access-word.ts';
import { type AuditOptions, type AuditRecord, readAudit } from './audit.ts';

/** What an admin, or an operator, wants to hold from now on. */
export interface AccessChange {
  /** Of the event that asked for it: the same change is made once. */
  id: string;
  word: AccessWord;
  target: AccessTarget;
  /** The user id of the admin; 0 for an import. */
  by: number;
  /** Where it was said; 0 for an import. */
  chatId: number;
  /** For ever without it. `pardon` has none. */
  durationS?: number;
  /** Of the target, as it is now. */
  name?: string;
  /**
   * Of the message; `date` in Unix seconds. What was said earlier than the last word about its target, and comes later, changes
   * nothing. Without it the change is made in any case.
   */
  saidAt?: { date: number; messageId: number };
}

/** What holds of a target since a change, and what did before it. */
export interface Changed {
  entry: AccessEntry | null;
  before: AccessEntry | null;
  /** Something that was said later had been carried out already: nothing has changed, and nothing is noted. */
  overtaken?: true;
}

/** What admins have said of users and chats, and the trail of it. What has an end is ended by Redis. */
export interface Access {
  /** Both in one round trip. Fails where Redis does: whoever asks may grant nothing then. */
  of(userId: number, chatId: number): Promise<{ user: AccessEntry | null; chat: AccessEntry | null }>;
  /**
   * Makes the change and notes it, in one step. The same id again, within 24 hours, changes nothing and gives what the first gave.
   * @throws {TypeError} for a word that is not about that kind of target; {RangeError} for a duration that is none.
   */
  change(change: AccessChange): Promise<Changed>;
  /** All that holds: users before chats, by id. */
  list(): Promise<{ target: AccessTarget; entry: AccessEntry }[]>;
  /** The last 100,000 changes or so, newest first. */
  audit(options: AuditOptions): Promise<AuditRecord[]>;
  /**
   * Puts an entry back as it was said then, unless its end has passed, and notes that under the import's id where it was not
   * there already.
   * @throws {TypeError} for an entry of the other kind of target.
   */
  restore(
    importId: string,
    target: AccessTarget,
    entry: AccessEntry,
  ): Promise<'restored' | 'unchanged' | 'ran_out'>;
}

const file = (name: string): URL => new URL(`scripts/${name}.lua`, import.meta.url);
const changeScript = luaScript<string>(file('access'), file('change'));
const restoreScript = luaScript<'restored' | 'unchanged' | 'ran_out'>(file('access'), file('restore'));

/** As long as an event is known as handled. */
const changeKnownS = 86_400;

const auditFields = ({ id, word, target, by, chatId, name }: AccessChange): (string | number)[] => [
  ...['word', word, 'by', by, 'kind', target.kind, 'id', target.id, 'chat', chatId, 'event', id],
  ...(name === undefined ? [] : ['name', name]),
];

const saidText = ({ saidAt, chatId }: AccessChange): string =>
  saidAt ? `${saidAt.date} ${chatId} ${saidAt.messageId}` : '';

const millisecondsOf = (durationS: number | undefined): number | '' => {
  if (durationS === undefined) return '';
  const ms = Math.round(durationS * 1000);
  if (!Number.isSafeInteger(ms) || ms <= 0) throw new RangeError(`${durationS} s is no duration`);
  return ms;
};

/** So many keys at a time, so that Redis is not held up. */
const atOnce = 1000;

const targetOf = (key: string): AccessTarget | undefined =>
  (['user', 'chat'] as const)
    .map((kind) => ({ kind, id: Number(key.slice(key.lastIndexOf(':') + 1)) }))
    .find((target) => Number.isSafeInteger(target.id) && keyOf(target) === key);

export const createAccess = (redis: Redis): Access => {
  // Not MGET: to that, a key of another type is a key that is not there, and nothing to keep anybody out.
  const read = async (target: AccessTarget): Promise<AccessEntry | null> => {
    try {
      return entryOf(target.kind, await redis.get(keyOf(target)));
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return unreadable(target.kind);
      throw error;
    }
  };

  const targets = async (): Promise<AccessTarget[]> => {
    const keys = new Set<string>();
    for await (const page of redis.scanStream({ match: 'access:*', count: atOnce }))
      for (const key of page as string[]) keys.add(key);
    return [...keys].map(targetOf).filter((target) => target !== undefined);
  };

  return {
    async of(userId, chatId) {
      const [user, chat] = await Promise.all([
        read({ kind: 'user', id: userId }),
        read({ kind: 'chat', id: chatId }),
      ]);
      return { user, chat };
    },

    async change(change) {
      const { id, word, target, by, durationS, name } = change;
      const standing = standingByWord(word, target.kind);
      const made = await changeScript(
        redis,
        [
          ...[keyOf(target), redisKeys.accessAudit, redisKeys.accessChange(id)],
          redisKeys.accessSaid(target.kind, target.id),
        ],
        [
          standing === null ? '' : JSON.stringify({ standing, by, name }),
          ...[millisecondsOf(durationS), changeKnownS, saidText(change), ...auditFields(change)],
        ],
      );
      const { entry, before, overtaken } = JSON.parse(made) as {
        entry: string | false;
        before: string | false;
        overtaken?: true;
      };
      return {
        entry: entryOf(target.kind, entry === false ? null : entry),
        before: entryOf(target.kind, before === false ? null : before),
        ...(overtaken ? { overtaken } : {}),
      };
    },

    async list() {
      const found: { target: AccessTarget; entry: AccessEntry }[] = [];
      const all = await targets();
      for (let from = 0; from < all.length; from += atOnce) {
        const some = all.slice(from, from + atOnce);
        const entries = await Promise.all(some.map(read));
        for (const [index, target] of some.entries()) {
          const entry = entries[index];
          // Ended since it was found.
          if (entry) found.push({ target, entry });
        }
      }
      const isChat = ({ kind }: AccessTarget): number => Number(kind === 'chat');
      return found.sort((a, b) => isChat(a.target) - isChat(b.target) || a.target.id - b.target.id);
    },

    audit: (options) => readAudit(redis, options),

    async restore(importId, target, entry) {
      const { standing, name } = entry;
      if (!fits(target.kind, standing)) throw new TypeError(`a ${target.kind} cannot be ${standing}`);
      const ends = entry.until === undefined ? null : new Date(entry.until);
      const change = {
        ...{ id: importId, word: wordFor[standing], target, by: 0, chatId: 0 },
        ...(name === undefined ? {} : { name }),
      };
      return await restoreScript(
        redis,
        [keyOf(target), redisKeys.accessAudit],
        [
          entryText(ends ? { ...entry, until: ends.toISOString() } : entry),
          ...(ends ? [ends.getTime(), ends.toISOString()] : ['', '']),
          ...auditFields(change),
        ],
      );
    },
  };
};
