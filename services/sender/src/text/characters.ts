const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Units looked at beyond a limit, to see where a character of several code points ends. */
const lookAheadUnits = 64;

/** Whether the place is in the middle of a surrogate pair. */
export const splitsPair = (text: string, at: number): boolean =>
  at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;

/**
 * The last place at most `limit` units after `from` that is between two characters as people see them; where one alone is longer than
 * the limit, between two code points.
 */
export const characterEnd = (text: string, from: number, limit: number): number => {
  const near = text.slice(from, from + limit + lookAheadUnits);
  const boundary = graphemes.segment(near).containing(limit)?.index ?? near.length;
  if (boundary > 0) return from + boundary;
  const end = from + limit;
  return splitsPair(text, end) ? end - 1 : end;
};
