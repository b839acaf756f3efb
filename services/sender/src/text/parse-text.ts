import type { TextFormat } from '@heavy/contracts';
import type { FormattedText } from './formatted-text.ts';
import { parseHtml } from './parse-html.ts';
import { parseMarkdown } from './parse-markdown.ts';

/** Reads a text with its markup. Never throws: what is no valid markup stands in the text as it was typed. */
export const parseText = (text: string, format: TextFormat = 'plain'): FormattedText => {
  if (format === 'html') return parseHtml(text);
  return format === 'markdown' ? parseMarkdown(text) : { text, entities: [] };
};
