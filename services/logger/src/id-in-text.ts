/** Six digits or more, as a person is shown them or copies them from a log; with or without the dashes of a UUID. */
const idPattern = /^[0-9a-f]{6,8}$|^[0-9a-f]{8}[0-9a-f-]{1,28}$/;

/** `abcd12345678` → `abcd1234-5678`, as correlation ids are written. */
const withDashes = (digits: string): string =>
  [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)]
    .filter((part) => part !== '')
    .join('-');

/** Each is looked for in the log, so that a text may not name any number of them. */
const mostIds = 5;

/** What a command word's text may name commands by: beginnings of correlation ids, whatever words and brackets stand around. */
export const idsInText = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[\s()[\]{}<>"'`“”«»#.,:;!?]+/)
    .filter((word) => idPattern.test(word))
    .slice(0, mostIds)
    .map((word) => withDashes(word.replaceAll('-', '')));

/** The id that an answer of ours ends with, where it names one: `… (id abcd1234)`. */
export const idOfAnswer = (text: string): string | undefined => /\(id ([0-9a-f]{8})\)\s*$/.exec(text)?.[1];
