import { assemble, type Mark, type Pair } from './assemble.ts';
import type { FormattedText } from './formatted-text.ts';
import { customEmoji, linkTo } from './link.ts';

const tag =
  /<(?<close>\/?)(?<name>[a-z][a-z0-9-]*)(?<attributes>(?:\s+[^\s=<>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?){0,16})\s*>/iu;
const reference = /&(?:(?<named>lt|gt|amp|quot)|#(?<decimal>\d{1,7})|#x(?<hex>[\da-f]{1,6}));/iu;
const markup = new RegExp(`${tag.source}|${reference.source}`, 'giu');
const references = new RegExp(reference, 'giu');
const attribute = /([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/gu;
const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

type Groups = Record<string, string | undefined>;

/** The character of a reference; null for a number that is none. */
const characterOf = ({ named: name, decimal, hex }: Groups): string | null => {
  if (name !== undefined) return named[name.toLowerCase()] ?? null;
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : null;
};

const decoded = (text: string): string =>
  text.replace(references, (...match) => characterOf(match.at(-1)) ?? match[0]);

const attributesOf = (source: string): Map<string, string> =>
  new Map(
    [...source.matchAll(attribute)].map(([, name = '', ...values]) => [
      name.toLowerCase(),
      decoded(values.find((value) => value !== undefined) ?? ''),
    ]),
  );

const simple: Record<string, string> = {
  ...{ b: 'bold', strong: 'bold', i: 'italic', em: 'italic', u: 'underline', ins: 'underline' },
  ...{
    s: 'strikethrough',
    strike: 'strikethrough',
    del: 'strikethrough',
    'tg-spoiler': 'spoiler',
    pre: 'pre',
  },
};

/** What an opening tag begins; null for what Telegram does not know. */
const markOf = (name: string, attributes: Map<string, string>): Mark | null => {
  const known = Object.hasOwn(simple, name) ? simple[name] : undefined;
  if (known !== undefined) return { type: known };
  if (name === 'span') return attributes.get('class') === 'tg-spoiler' ? { type: 'spoiler' } : null;
  if (name === 'a') return linkTo((attributes.get('href') ?? '').trim());
  if (name === 'tg-emoji') return customEmoji(attributes.get('emoji-id') ?? '');
  if (name === 'blockquote')
    return { type: attributes.has('expandable') ? 'expandable_blockquote' : 'blockquote' };
  if (name !== 'code') return null;
  const language = /^language-(\S+)$/u.exec(attributes.get('class') ?? '')?.[1];
  return { type: 'code', ...(language === undefined ? {} : { language }) };
};

interface Opened {
  mark: Mark | null;
  /** Its place among the pieces of the text. */
  piece: number;
}

/** `<pre><code class="language-…">` is one thing; the language of any other code has nowhere to go. */
const withLanguages = (pieces: string[], pairs: Pair[]): Pair[] => {
  const inner = new Map<number, Pair>();
  for (const pair of pairs) if (pair.mark.type === 'code') inner.set(pair.from, pair);
  return pairs.map((pair) => {
    const { language: _, ...mark } = pair.mark;
    // Between two tags that touch there is an empty piece.
    const code = mark.type === 'pre' && pieces[pair.from + 1] === '' ? inner.get(pair.from + 2) : undefined;
    const language = code?.to === pair.to - 2 && pieces[pair.to - 1] === '' ? code.mark.language : undefined;
    return { ...pair, mark: language === undefined ? mark : { ...mark, language } };
  });
};

/**
 * The HTML of https://core.telegram.org/bots/api#html-style. What is not of it stands in the text as it was typed: a tag
 * that Telegram does not know, or without its counterpart, a link that leads nowhere allowed, a `<` or `&` of no meaning.
 */
export const parseHtml = (source: string): FormattedText => {
  const pieces: string[] = [];
  const pairs: Pair[] = [];
  const opened = new Map<string, Opened[]>();
  let end = 0;
  for (const match of source.matchAll(markup)) {
    const { close, name: spelled, attributes = '', ...character } = match.groups as Groups;
    pieces.push(source.slice(end, match.index));
    end = match.index + match[0].length;
    const piece = pieces.length;
    pieces.push(spelled === undefined ? (characterOf(character) ?? match[0]) : match[0]);
    if (spelled === undefined) continue;
    const name = spelled.toLowerCase();
    const stack = opened.get(name) ?? [];
    if (close) {
      const begin = attributes === '' ? stack.pop() : undefined;
      if (begin?.mark) pairs.push({ mark: begin.mark, from: begin.piece, to: piece });
    } else {
      stack.push({ mark: markOf(name, attributesOf(attributes)), piece });
      opened.set(name, stack);
    }
  }
  pieces.push(source.slice(end));
  return assemble(pieces, withLanguages(pieces, pairs));
};
