const references: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text as HTML that says exactly this text: `parseText` gives it back, without formatting. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/gu, (character) => references[character] ?? character);
