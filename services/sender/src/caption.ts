import type { Media } from '@heavy/contracts';
import type { Entity } from '@heavy/telegram';
import { cut } from './cut.ts';
import { neverCommand } from './words.ts';

/** Telegram's limit of a caption, in UTF-16 units. */
const captionLimit = 1024;
const titleLimit = 300;

/** Title in bold, and the source below it: in full where it fits, else its host as a link. */
export const caption = ({ title, sourceUrl }: Media): { text: string; entities: Entity[] } => {
  const heading = cut(title.replace(/\s+/gu, ' ').trim(), titleLimit);
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
