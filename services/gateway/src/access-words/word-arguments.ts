import { parseDuration } from '@heavy/access';
import type { DataOf, telegramRaw } from '@heavy/contracts';

export type Raw = DataOf<typeof telegramRaw>;

/** Whom a command means: by `@username`, without the `@`, by id, or as the author of what it replies to. */
export type Named = { username: string } | { id: number; name?: string } | { author: number; name?: string };

/** What stands after a command's word. */
export interface WordArguments {
  /** Whom its own text names. */
  named?: Named;
  /** The words that name nobody, as typed. */
  others: string[];
}

const longestName = 64;

/** A name as somebody wrote it, of one line: it can neither break a sentence nor turn its direction. */
export const plainName = (typed: string): string =>
  typed
    .replaceAll(/[\s\p{C}]+/gu, ' ')
    .trim()
    .slice(0, longestName)
    .replace(/[\ud800-\udbff]$/u, '');

/** Longer than any duration may be, in seconds: whoever writes such a number means somebody. */
const secondsEndAt = 10 * 365 * 86_400;

/**
 * Whether a number names somebody. `30` is a duration without its unit; so may be any number that stands in a reply, which
 * names somebody already: to take that for an id would be to ban a stranger.
 */
const isId = (word: string, isReply: boolean): boolean => {
  const id = /^-?\d{5,16}$/.test(word) ? Number(word) : Number.NaN;
  return Number.isSafeInteger(id) && !(isReply && Math.abs(id) <= secondsEndAt);
};

/** Whether a word is a username with its `@`, as it is typed. */
export const isUsername = (word: string): boolean => /^@./.test(word);

/** As long as what it stands for, so that entity offsets stay true. */
const blank = (text: string): string => ' '.repeat(text.length);

const wordsOf = (text: string): string[] => text.split(/[\s,;]+/u).filter((word) => word !== '');

/** Reads whom a command names, at whichever place: a mention without username, a `@username`, an id; in this order. */
export const wordArguments = ({ message, reply }: Raw): WordArguments => {
  const text = message.text.replace(/^\s*\.\S+/u, blank);
  const within = ({ offset, length }: { offset: number; length: number }): string =>
    text.slice(offset, offset + length);
  for (const entity of message.entities) {
    const { type, userId, offset, length } = entity;
    if (type !== 'mention_name' || userId === undefined || within(entity).trim() === '') continue;
    const name = plainName(within(entity));
    return {
      named: { id: userId, ...(name === '' ? {} : { name }) },
      others: wordsOf(text.slice(0, offset) + blank(within(entity)) + text.slice(offset + length)),
    };
  }
  const words = wordsOf(text);
  const isReply = reply !== undefined;
  const naming = words.find(isUsername) ?? words.find((word) => isId(word, isReply));
  if (naming === undefined) return { others: words };
  return {
    named: isUsername(naming) ? { username: naming.slice(1) } : { id: Number(naming) },
    others: words.toSpliced(words.indexOf(naming), 1),
  };
};

/** Seconds of `1h 30m`, as one word or several; undefined where there is no word, null where they are no duration. */
export const durationOf = (words: readonly string[]): number | null | undefined => {
  if (words.length === 0) return undefined;
  // Each must be one by itself: `5 30m` is no 530 minutes.
  return words.every((word) => parseDuration(word) !== null) ? parseDuration(words.join('')) : null;
};
