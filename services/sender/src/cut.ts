/** Cuts a text to at most `limit` UTF-16 units, never inside a surrogate pair. */
export const cut = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/u, '')}…`;
