import { type AccessEntry, type AccessTarget, standings } from './access-entry.ts';

/** The words of admins that change who may use the commands. */
export const accessWords = ['grace', 'smite', 'bless', 'hammer', 'pardon'] as const;
export type AccessWord = (typeof accessWords)[number];

/** The word that makes a target what it is. `pardon` makes it nothing. */
export const wordFor = {
  ...{ blessed: 'bless', banned: 'hammer' },
  ...{ graced: 'grace', smitten: 'smite' },
} as const satisfies Record<AccessEntry['standing'], AccessWord>;

/**
 * What the word makes of a target; null for `pardon`.
 * @throws {TypeError} for a word about chats and a user, or the other way round.
 */
export const standingByWord = (
  word: AccessWord,
  kind: AccessTarget['kind'],
): AccessEntry['standing'] | null => {
  if (word === 'pardon') return null;
  const standing = standings[kind].find((one) => wordFor[one] === word);
  if (!standing) throw new TypeError(`${word} is no word about a ${kind}`);
  return standing;
};
