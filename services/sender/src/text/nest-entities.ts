import type { Entity } from '@heavy/telegram';
import { splitsPair } from './characters.ts';

/** These may lie over and in everything but code. */
const styles = new Set(['bold', 'italic', 'underline', 'strikethrough', 'spoiler']);
const quotes = new Set(['blockquote', 'expandable_blockquote']);
const code = new Set(['code', 'pre']);

const end = ({ offset, length }: Entity): number => offset + length;
const between = (entity: Entity, from: number, to: number): Entity => ({
  ...entity,
  offset: from,
  length: to - from,
});

const inOrder = (a: Entity, b: Entity): number => a.offset - b.offset || b.length - a.length;

/** Of one style: what touches the same characters twice is one. */
const united = (entities: Entity[]): Entity[] => {
  const result: Entity[] = [];
  for (const entity of entities) {
    const last = result.at(-1);
    if (last && entity.offset < end(last)) last.length = Math.max(end(last), end(entity)) - last.offset;
    else result.push({ ...entity });
  }
  return result;
};

/** Of those that cannot hold each other: the outer one stays, and of two that cross the one that begins first. */
const apart = (entities: Entity[]): Entity[] => {
  let reached = 0;
  return entities.filter((entity) => {
    if (entity.offset < reached) return false;
    reached = end(entity);
    return true;
  });
};

/** What of each entity is not covered by `holes`, which lie apart and in order. */
const around = (entities: Entity[], holes: Entity[]): Entity[] => {
  let first = 0;
  return entities.flatMap((entity) => {
    while (first < holes.length && end(holes[first] as Entity) <= entity.offset) first += 1;
    const left: Entity[] = [];
    let from = entity.offset;
    for (let i = first; i < holes.length; i += 1) {
      const hole = holes[i] as Entity;
      if (hole.offset >= end(entity)) break;
      if (hole.offset > from) left.push(between(entity, from, hole.offset));
      from = Math.max(from, end(hole));
    }
    if (from < end(entity)) left.push(between(entity, from, end(entity)));
    return left;
  });
};

/** Cuts what crosses the end of another in two, so that each lies wholly in or wholly outside every other. */
const uncrossed = (sorted: Entity[]): Entity[] => {
  const result: Entity[] = [];
  let open: Entity[] = [];
  const cutOff: Entity[] = [];
  let next = 0;
  for (;;) {
    cutOff.sort(inOrder);
    const [waiting, fresh] = [cutOff[0], sorted[next]];
    const entity = waiting && (!fresh || inOrder(waiting, fresh) < 0) ? cutOff.shift() : fresh;
    if (!entity) return result;
    if (entity === fresh) next += 1;
    open = open.filter((one) => end(one) > entity.offset);
    const limit = Math.min(...open.map(end));
    if (end(entity) > limit) cutOff.push(between(entity, limit, end(entity)));
    const piece = between(entity, entity.offset, Math.min(end(entity), limit));
    open.push(piece);
    result.push(piece);
  }
};

/** Within the text, not empty, and not in the middle of a character. */
const bounded = (text: string, entity: Entity): Entity[] => {
  let from = Math.max(0, entity.offset);
  let to = Math.min(text.length, end(entity));
  if (from >= to) return [];
  if (splitsPair(text, from)) from -= 1;
  if (splitsPair(text, to)) to += 1;
  return [between(entity, from, to)];
};

/**
 * The same formatting by entities that are in order and nested, as https://core.telegram.org/api/entities wants them: nothing in
 * code, no link in a link and no quote in a quote; what crosses is cut in two.
 */
export const nestEntities = (text: string, entities: readonly Entity[]): Entity[] => {
  const sorted = entities.flatMap((entity) => bounded(text, entity)).sort(inOrder);
  const isStyle = ({ type }: Entity) => styles.has(type);
  const isQuote = ({ type }: Entity) => quotes.has(type);
  const whole = apart(sorted.filter((entity) => !isStyle(entity) && !isQuote(entity)));
  const blocks = whole.filter(({ type }) => code.has(type));
  const styled = [...styles].flatMap((style) =>
    around(united(sorted.filter(({ type }) => type === style)), blocks),
  );
  const quoted = apart(sorted.filter(isQuote));
  return uncrossed([...quoted, ...whole, ...styled].sort(inOrder));
};
