import type { Media } from '@heavy/contracts';
import type { Entity } from '@heavy/telegram';
import { captionLimit } from './send-in-parts.ts';
import { cutText } from './text/cut-text.ts';
import type { FormattedText } from './text/formatted-text.ts';
import { neverCommand } from './words.ts';

const titleLimit = 300;

/** Title in bold, and the source below it: in full where it fits, else its host as a link. */
export const caption = ({ title, sourceUrl }: Media): FormattedText => {
  const { text: heading } = cutText({ text: title.replace(/\s+/gu, ' ').trim(), entities: [] }, titleLimit);
  const bold: Entity[] = heading ? [{ type: 'bold', offset: 0, length: heading.length }] : [];
  const before = heading ? `${heading}\n` : '';
  if (before.length + sourceUrl.length <= captionLimit)
    return { text: neverCommand(`${before}${sourceUrl}`), entities: bold };
  const host = new URL(sourceUrl).host;
  return {
    text: neverCommand(`${before}${host}`),
    entities: [...bold, { type: 'text_link', offset: before.length, length: host.length, url: sourceUrl }],
  };
};
