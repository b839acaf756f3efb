import type { FormattedText } from './formatted-text.ts';

/** What lies between two places of a text, as a text of its own: entities end where it ends. */
export const sliceText = ({ text, entities }: FormattedText, from: number, to: number): FormattedText => ({
  text: text.slice(from, to),
  entities: entities.flatMap((entity) => {
    const start = Math.max(entity.offset, from);
    const end = Math.min(entity.offset + entity.length, to);
    return start < end ? [{ ...entity, offset: start - from, length: end - start }] : [];
  }),
});
