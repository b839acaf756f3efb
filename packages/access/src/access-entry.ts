import { redisKeys } from '@heavy/contracts';

/** Whom or what a word of an admin is about. A user is whoever sends: a channel that writes in a group has a negative id. */
export interface AccessTarget {
  kind: 'user' | 'chat';
  /** Marked, as everywhere: users positive, basic groups negative, channels `-100…`. */
  id: number;
}

/** What can be said of each kind of target. */
export const standings = { user: ['blessed', 'banned'], chat: ['graced', 'smitten'] } as const;

/** What an admin said of a user (`blessed`, `banned`) or of a chat (`graced`, `smitten`). Times are ISO 8601, of Redis' clock. */
export interface AccessEntry {
  standing: (typeof standings)[keyof typeof standings][number];
  /** The user id of the admin; 0 where nobody's is known. */
  by: number;
  since: string;
  /** When it ends by itself; absent where it does not. */
  until?: string;
  /** Of the target, as it was then. */
  name?: string;
  /** What stands under the key is not what this package writes: the user counts as banned, the chat as smitten. */
  unreadable?: true;
}

/** Whether that may be said of a user, or of a chat. */
export const fits = (kind: AccessTarget['kind'], standing: unknown): standing is AccessEntry['standing'] =>
  standings[kind].some((one) => one === standing);

export const keyOf = ({ kind, id }: AccessTarget): string =>
  kind === 'user' ? redisKeys.accessUser(id) : redisKeys.accessChat(id);

/** In the order of properties in which entries are stored, so that equal entries are equal texts. */
export const entryText = ({ standing, by, name, since, until }: AccessEntry): string =>
  JSON.stringify({ standing, by, name, since, until });

/** What is refused by mistake is asked for again; what is granted by mistake is not noticed. */
export const unreadable = (kind: AccessTarget['kind']): AccessEntry => ({
  standing: kind === 'user' ? 'banned' : 'smitten',
  by: 0,
  since: new Date(0).toISOString(),
  unreadable: true,
});

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && isoTime.test(value) && !Number.isNaN(Date.parse(value));

const parsed = (text: string): Partial<Record<string, unknown>> => {
  try {
    return Object(JSON.parse(text));
  } catch {
    // Not JSON: nothing of an entry is in it.
    return {};
  }
};

/** Reads what stands under a target's key. Never throws: what is no entry of ours is `unreadable`. */
export const entryOf = (kind: AccessTarget['kind'], text: string | null): AccessEntry | null => {
  if (text === null) return null;
  const { standing, by, since, until, name } = parsed(text);
  const isOurs =
    fits(kind, standing) &&
    Number.isSafeInteger(by) &&
    isTime(since) &&
    (until === undefined || isTime(until)) &&
    (name === undefined || typeof name === 'string');
  if (!isOurs) return unreadable(kind);
  return {
    ...{ standing, by: by as number, since },
    ...(until === undefined ? {} : { until }),
    ...(name === undefined ? {} : { name }),
  };
};
