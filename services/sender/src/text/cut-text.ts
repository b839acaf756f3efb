import { characterEnd } from './characters.ts';
import type { FormattedText } from './formatted-text.ts';
import { sliceText } from './slice-text.ts';

/** Cuts a text to at most `limit` UTF-16 units, of which the last is an ellipsis then; never in the middle of a character. */
export const cutText = (formatted: FormattedText, limit: number): FormattedText => {
  const { text } = formatted;
  if (text.length <= limit) return formatted;
  const { text: kept, entities } = sliceText(formatted, 0, characterEnd(text, 0, limit - 1));
  return { text: `${kept}…`, entities };
};
