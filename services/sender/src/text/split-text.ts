import type { Entity } from '@heavy/telegram';
import { characterEnd } from './characters.ts';
import type { FormattedText } from './formatted-text.ts';
import { nestEntities } from './nest-entities.ts';
import { sliceText } from './slice-text.ts';

const isBlank = (text: string): boolean => text.trim() === '';

/** Where a part ends, and where the next one begins. */
interface Break {
  end: number;
  next: number;
}

/** Finds where the parts of a text end. Entities of up to `limit` units are kept whole. */
const breaksOf = (text: string, entities: readonly Entity[], limit: number) => {
  const whole: Entity[] = [];
  for (const entity of entities) {
    const last = whole.at(-1);
    const inLast = last && entity.offset < last.offset + last.length;
    if (entity.length <= limit && !inLast) whole.push(entity);
  }
  const pres = entities.filter(({ type }) => type === 'pre');

  /** The entity to be kept whole that begins before `at` and ends after it. */
  const around = (at: number): Entity | undefined => {
    let [low, high] = [0, whole.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((whole[middle] as Entity).offset < at) low = middle + 1;
      else high = middle;
    }
    const entity = whole[low - 1];
    return entity && entity.offset + entity.length > at ? entity : undefined;
  };

  /** At the last run of white space with a newline, else at the last without; null where there is none. */
  const blankBreak = (from: number): Break | null => {
    let space: Break | null = null;
    for (let at = from + limit; at > from; at -= 1) {
      if (!isBlank(text[at] ?? '')) continue;
      let next = at + 1;
      while (next < text.length && isBlank(text[next] ?? '')) next += 1;
      while (at > from && isBlank(text[at - 1] ?? '')) at -= 1;
      if (at === from) break;
      const entity = around(at);
      if (entity && entity.offset + entity.length > next) continue;
      const newline = text.slice(at, next).lastIndexOf('\n');
      if (newline === -1) {
        space ??= { end: at, next };
        continue;
      }
      // The indentation of a line of code is not white space at a break.
      const inPre = pres.some((pre) => pre.offset < at && pre.offset + pre.length > next);
      return { end: at, next: inPre ? at + newline + 1 : next };
    }
    return space;
  };

  return (from: number): Break => {
    const blank = blankBreak(from);
    if (blank) return blank;
    const end = characterEnd(text, from, limit);
    const entity = around(end);
    if (!entity) return { end, next: end };
    // One that begins here ends within the limit, though maybe in the middle of what people see as one character.
    const edge = entity.offset > from ? entity.offset : entity.offset + entity.length;
    return { end: edge, next: edge };
  };
};

/**
 * Splits a text into messages of at most `limit` UTF-16 units (2 or more): at a newline, else at white space, else between
 * characters. An entity that fits into one part is not split: the break is before it. A longer one ends with the part and
 * begins again in the next. Nothing is lost but the white space at a break, and no part is without anything else. The first
 * part may have a limit of its own.
 */
export const splitText = (
  { text, entities }: FormattedText,
  limit: number,
  firstLimit = limit,
): FormattedText[] => {
  const nested = { text, entities: nestEntities(text, entities) };
  const firstBreak = breaksOf(text, nested.entities, firstLimit);
  const laterBreak = breaksOf(text, nested.entities, limit);
  const parts: FormattedText[] = [];
  for (let from = 0; from < text.length; ) {
    const [room, breakAfter] = parts.length === 0 ? [firstLimit, firstBreak] : [limit, laterBreak];
    const fits = text.length - from <= room;
    const { end, next } = fits ? { end: text.length, next: text.length } : breakAfter(from);
    const part = sliceText(nested, from, end);
    if (!isBlank(part.text)) parts.push(part);
    from = next;
  }
  return parts;
};
