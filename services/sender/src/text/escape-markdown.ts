/** A text as Markdown that says exactly this text: `parseText` gives it back, without formatting. */
export const escapeMarkdown = (text: string): string =>
  text.replace(/[\\_*[\]()~`>#+\-=|{}.!]/gu, (character) => `\\${character}`);
