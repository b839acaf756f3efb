/** Numbers from 0 to 1 that follow from a seed: Mulberry32. */
export const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What texts are hard to take apart for: markup, pairs and halves of pairs, right to left, marks without a letter, what is not seen, NUL. */
const alphabet = [
  ...[
    'a',
    'b',
    '1',
    ' ',
    ' ',
    '\n',
    '\t',
    '\r\n',
    '\0',
    '\\',
    '/',
    ':',
    ';',
    ',',
    '.',
    '!',
    '?',
    '=',
    '"',
    "'",
  ],
  ...[
    '<',
    '>',
    '</',
    '<b>',
    '</b>',
    '<a href="http://a.test">',
    '</a>',
    '<pre>',
    '&',
    '&lt;',
    '&#65;',
    '&amp',
  ],
  ...[
    '*',
    '**',
    '_',
    '__',
    '~',
    '||',
    '|',
    '`',
    '```',
    '[',
    ']',
    '(',
    ')',
    '](http://a.test)',
    '![',
    '>',
    '**>',
  ],
  ...[
    '#',
    '+',
    '-',
    '{',
    '}',
    '😀',
    '👨‍👩‍👧',
    '🇩🇪',
    '\ud83d',
    '\ude00',
    'é',
    'e\u0301',
    '\u0301',
    'שלום',
    'مرحبا',
  ],
  ...['\u200b', '\u200d', '\ufeff', '\u00a0', '\u2028', '\u202e', '\ufe0f'],
];

export const randomText = (random: () => number, pieces: number): string =>
  Array.from(
    { length: Math.floor(random() * pieces) },
    () => alphabet[Math.floor(random() * alphabet.length)],
  ).join('');
