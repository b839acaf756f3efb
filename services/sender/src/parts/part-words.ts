import type { Media } from '@heavy/contracts';
import { caption } from '../caption.ts';
import { captionLimit } from '../send-in-parts.ts';
import { cutText } from '../text/cut-text.ts';

/** Which one of how many, from 1. */
export interface Place {
  number: number;
  count: number;
}

/** In UTF-16 units. */
const titleLimit = 300;

const numbered = (media: Media, { number, count }: Place): Media => {
  const suffix = ` (${number}/${count})`;
  const whole = { text: media.title.replace(/\s+/gu, ' ').trim(), entities: [] };
  return { ...media, title: `${cutText(whole, titleLimit - suffix.length).text}${suffix}`.trim() };
};

/** The caption of a part that plays. */
export const videoCaption = (media: Media, place: Place) => caption(numbered(media, place));

/** `film.mp4` → `film (2 of 3).mp4`. */
export const videoName = (name: string, { number, count }: Place): string => {
  const at = name.lastIndexOf('.');
  return `${name.slice(0, at)} (${number} of ${count})${name.slice(at)}`;
};

/** `film.mp4` → `film.mp4.002`: what programs that join files look for. */
export const byteName = (name: string, { number }: Place): string =>
  `${name}.${String(number).padStart(3, '0')}`;

const joining = (name: string, count: number): string => {
  const parts = [1, 2].map((number) => `"${byteName(name, { number, count })}"`).join('+');
  const more = count > 2 ? '+…' : '';
  return `These are ${count} parts of one file. To join them: cat "${name}".0* > "${name}" (Windows: copy /b ${parts}${more} "${name}")`;
};

/** The caption of a part that is a stretch of bytes; that of the first says how to join them. */
export const byteCaption = (media: Media, place: Place, name: string) => {
  const own = numbered(media, place);
  if (place.number > 1) return caption(own);
  const hint = `\n\n${joining(name, place.count)}`;
  const long = caption(own);
  const { text, entities } =
    long.text.length + hint.length <= captionLimit
      ? long
      : caption({ ...own, sourceUrl: new URL(media.sourceUrl).origin });
  return { text: `${text}${hint}`, entities };
};
