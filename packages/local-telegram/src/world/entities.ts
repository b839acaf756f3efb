/** The kinds of https://core.telegram.org/type/MessageEntity that this world knows, named as the Bot API names them. */
const entityTypes = [
  'url',
  'email',
  'mention',
  'hashtag',
  'bot_command',
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'expandable_blockquote',
  'custom_emoji',
  'code',
  'pre',
  'text_link',
  'mention_name',
] as const;
export type EntityType = (typeof entityTypes)[number];

/** A stretch of a text, in UTF-16 units. */
export interface WorldEntity {
  readonly type: EntityType;
  readonly offset: number;
  readonly length: number;
  /** `text_link` only. */
  readonly url?: string;
  /** `mention_name` only. */
  readonly userId?: number;
  /** `pre` only. */
  readonly language?: string;
  /** `custom_emoji` only. */
  readonly documentId?: string;
}

/** Bare domains are links only under endings that Telegram knows; these are the ones that tests need. */
const bareDomain = '(?:[a-z0-9-]+\\.)+(?:com|org|net|io|dev|tv|be|me|co|info|ru|de|uk|app|gg|ly)';
const patterns: readonly (readonly [EntityType, RegExp])[] = [
  ['email', /[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}/giu],
  [
    'url',
    new RegExp(
      `(?:https?|ftp)://[^\\s<>"]+|(?<![\\w@.])${bareDomain}(?!\\.?[\\w@-])(?:[:/?#][^\\s<>"]*)?`,
      'giu',
    ),
  ],
  ['mention', /(?<![\w@/])@[a-z]\w{3,31}/giu],
  ['hashtag', /(?<![\w#/&])#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*/giu],
  ['bot_command', /(?<![\w/])\/[a-z]\w{0,31}(?:@\w+)?(?![\w/])/giu],
];

const sentenceEnd = /[.,;:!?'"…]+$/u;

/** What ends a sentence does not belong to the link before it; a closing bracket does where the link opened one. */
const trimmedUrl = (url: string): string => {
  const count = (text: string, bracket: string): number => text.split(bracket).length;
  let trimmed = url.replace(sentenceEnd, '');
  while (trimmed.endsWith(')') && count(trimmed, ')') > count(trimmed, '('))
    trimmed = trimmed.slice(0, -1).replace(sentenceEnd, '');
  return trimmed;
};

const overlap = (a: WorldEntity, b: WorldEntity): boolean =>
  a.offset < b.offset + b.length && b.offset < a.offset + a.length;

/** Formatting may lie over a found entity; these stand for themselves and hide it. */
const opaque: ReadonlySet<EntityType> = new Set(['code', 'pre', 'text_link', 'mention_name', 'url', 'email']);

/** The entities of a text as Telegram's server completes them: those given, and the links, mentions and tags found in it. */
export const completeEntities = (text: string, given: readonly WorldEntity[] = []): WorldEntity[] => {
  const all = [...given];
  for (const [type, pattern] of patterns)
    for (const match of text.matchAll(pattern)) {
      const found = type === 'url' ? trimmedUrl(match[0]) : match[0];
      const entity: WorldEntity = { type, offset: match.index, length: found.length };
      const taken = all.some(
        (other) => overlap(entity, other) && (opaque.has(other.type) || other.type === type),
      );
      if (!taken) all.push(entity);
    }
  return all.sort((a, b) => a.offset - b.offset || b.length - a.length);
};

/** The same entities in the same places. */
export const sameEntities = (a: readonly WorldEntity[], b: readonly WorldEntity[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
