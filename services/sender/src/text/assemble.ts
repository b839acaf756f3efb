import type { Entity } from '@heavy/telegram';
import type { FormattedText } from './formatted-text.ts';
import { nestEntities } from './nest-entities.ts';

/** What an entity says besides its place. */
export type Mark = Omit<Entity, 'offset' | 'length'>;

/** The pieces of a source between which an entity lies; the two themselves are markup. */
export interface Pair {
  mark: Mark;
  from: number;
  to: number;
}

/** Makes one text of the pieces of a source, without those that are one of a pair. */
export const assemble = (pieces: readonly string[], pairs: readonly Pair[]): FormattedText => {
  const markup = new Set(pairs.flatMap(({ from, to }) => [from, to]));
  const kept = pieces.map((piece, at) => (markup.has(at) ? '' : piece));
  const offsets: number[] = [];
  let length = 0;
  for (const piece of kept) {
    offsets.push(length);
    length += piece.length;
  }
  const text = kept.join('');
  const entities = pairs
    .toSorted((a, b) => a.from - b.from)
    .map(({ mark, from, to }): Entity => {
      const offset = offsets[from] ?? 0;
      return { ...mark, offset, length: (offsets[to] ?? 0) - offset };
    });
  return { text, entities: nestEntities(text, entities) };
};
