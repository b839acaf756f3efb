const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const segmenter = new Intl.Segmenter();

/** How many columns of a terminal a text takes. */
const widthOf = (text: string): number => {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
};

/**
 * A text of anybody's, on one line: control characters and marks that turn the direction of writing could make a terminal
 * show something else.
 */
export const visible = (text: string): string =>
  text.replaceAll(/[\s\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();

/** The beginning of a text that fits so many columns, with an ellipsis where it was longer. */
export const cut = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += widthOf(segment);
    if (width >= columns) break;
    kept += segment;
  }
  return `${kept}…`;
};

const pad = (text: string, columns: number, right: boolean): string => {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return right ? space + text : text + space;
};

/** Lines of aligned columns under their headings; numbers are aligned to the right. */
export const table = (
  columns: readonly { heading: string; right?: boolean }[],
  rows: readonly (readonly string[])[],
): string[] => {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[index] ?? '')), widthOf(heading)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right = false }, index) => pad(cells[index] ?? '', widths[index] ?? 0, right))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ heading }) => heading)), ...rows.map(line)];
};
