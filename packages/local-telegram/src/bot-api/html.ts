import type { EntityType, WorldEntity } from '../world/entities.ts';
import { badRequest } from './bot-api-error.ts';

/** A text with its formatting, in UTF-16 units. */
export interface FormattedText {
  readonly text: string;
  readonly entities: readonly WorldEntity[];
}

/** https://core.telegram.org/bots/api#html-style */
const typeOf: Readonly<Record<string, EntityType | undefined>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  span: 'spoiler',
  'tg-spoiler': 'spoiler',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
};
const characters: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

const unescaped = (escaped: string): string =>
  escaped.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(lt|gt|amp|quot));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return characters[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

const tagPattern = /<(\/?)([^\s>/]*)([^>]*?)\/?>/y;
const attributePattern = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;

const attributesOf = (source: string): Map<string, string> =>
  new Map(
    [...source.matchAll(attributePattern)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      unescaped(double ?? single ?? bare ?? ''),
    ]),
  );

interface OpenTag {
  readonly name: string;
  readonly offset: number;
  readonly attributes: ReadonlyMap<string, string>;
}

const cannotParse = (reason: string) => badRequest(`can't parse entities: ${reason}`);

const linkOf = (url: string, offset: number, length: number): WorldEntity => {
  const userId = /^tg:\/\/user\?id=(\d{1,15})$/.exec(url)?.[1];
  if (userId !== undefined) return { type: 'mention_name', offset, length, userId: Number(userId) };
  return { type: 'text_link', offset, length, url };
};

/** The entity of a tag that has ended, or none: an empty one, or code that only names the language of the block around it. */
const entityOf = (tag: OpenTag, text: string, inPre: boolean): WorldEntity | null => {
  const { name, offset, attributes } = tag;
  const length = text.length - offset;
  const type = typeOf[name];
  if (length === 0 || type === undefined || (name === 'code' && inPre)) return null;
  if (name === 'a') return linkOf(attributes.get('href') ?? text.slice(offset), offset, length);
  const language = name === 'pre' ? attributes.get('language') : undefined;
  return { type, offset, length, ...(language === undefined ? {} : { language }) };
};

/**
 * Reads the HTML of `parse_mode`.
 * @throws {BotApiError} `can't parse entities: …` with the place in bytes, as the Bot API says it.
 */
export const parseHtml = (html: string): FormattedText => {
  const open: OpenTag[] = [];
  const entities: WorldEntity[] = [];
  let text = '';
  let at = 0;
  const byteOffset = () => Buffer.byteLength(html.slice(0, at));

  const start = (name: string, source: string) => {
    if (!Object.hasOwn(typeOf, name))
      throw cannotParse(`Unsupported start tag "${name}" at byte offset ${byteOffset()}`);
    const attributes = attributesOf(source);
    if (name === 'span' && attributes.get('class') !== 'tg-spoiler')
      throw cannotParse(`Tag "span" must have class "tg-spoiler" at byte offset ${byteOffset()}`);
    const around = open.at(-1);
    const language = /^language-(.+)$/.exec(attributes.get('class') ?? '')?.[1];
    if (name === 'code' && around?.name === 'pre' && language !== undefined)
      open[open.length - 1] = { ...around, attributes: new Map([['language', language]]) };
    open.push({ name, offset: text.length, attributes });
  };

  const end = (name: string) => {
    const tag = open.pop();
    if (!tag) throw cannotParse(`Unexpected end tag at byte offset ${byteOffset()}`);
    if (name !== '' && name !== tag.name)
      throw cannotParse(
        `Unmatched end tag at byte offset ${byteOffset()}, expected "</${tag.name}>", found "</${name}>"`,
      );
    const entity = entityOf(tag, text, open.at(-1)?.name === 'pre');
    if (entity) entities.push(entity);
  };

  while (at < html.length) {
    const bracket = html.indexOf('<', at);
    const stop = bracket < 0 ? html.length : bracket;
    text += unescaped(html.slice(at, stop));
    at = stop;
    if (at === html.length) break;
    tagPattern.lastIndex = at;
    const tag = tagPattern.exec(html);
    if (!tag) throw cannotParse(`Unclosed start tag at byte offset ${byteOffset()}`);
    const [whole, slash, name = '', attributes = ''] = tag;
    if (slash) end(name.toLowerCase());
    else start(name.toLowerCase(), attributes);
    at += whole.length;
  }
  const unended = open.at(-1);
  if (unended) throw cannotParse(`Can't find end tag corresponding to start tag "${unended.name}"`);
  entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
  return { text, entities };
};
