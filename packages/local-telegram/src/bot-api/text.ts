import { maxTextLength } from '../api/help.ts';
import type { EntityType, WorldEntity } from '../world/entities.ts';
import { badRequest } from './bot-api-error.ts';
import { type FormattedText, parseHtml } from './html.ts';
import { fieldOf, type Params } from './params.ts';

/** Kinds that a bot may set; the others are found in the text. */
const given: ReadonlySet<unknown> = new Set<EntityType>([
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'code',
  'pre',
  'text_link',
]);

const entityOf = (entity: unknown): WorldEntity[] => {
  const [type, offset, length] = ['type', 'offset', 'length'].map((name) => fieldOf(entity, name));
  if (typeof offset !== 'number' || typeof length !== 'number')
    throw badRequest("can't parse entities: can't parse MessageEntity");
  if (type === 'text_mention') {
    const userId = fieldOf(fieldOf(entity, 'user'), 'id');
    return typeof userId === 'number' ? [{ type: 'mention_name', offset, length, userId }] : [];
  }
  if (!given.has(type)) return [];
  const [url, language] = ['url', 'language'].map((name) => fieldOf(entity, name));
  return [
    {
      type: type as EntityType,
      offset,
      length,
      ...(typeof url === 'string' ? { url } : {}),
      ...(typeof language === 'string' ? { language } : {}),
    },
  ];
};

const entitiesOf = (params: Params): WorldEntity[] => {
  const entities = params.structure('entities', 'entities') ?? [];
  if (!Array.isArray(entities)) throw badRequest("can't parse entities: expected an Array of MessageEntity");
  return entities.flatMap(entityOf);
};

/** Without white space around it, as Telegram posts every text; entities move along. */
const trimmed = ({ text, entities }: FormattedText): FormattedText => {
  const short = text.trimEnd();
  const cut = short.length - short.trimStart().length;
  const moved = entities.flatMap((entity) => {
    const from = Math.max(0, entity.offset - cut);
    const to = Math.min(short.length - cut, entity.offset + entity.length - cut);
    return to > from ? [{ ...entity, offset: from, length: to - from }] : [];
  });
  return { text: short.slice(cut), entities: moved };
};

/**
 * The text of a message to send or to edit, by its `parse_mode` or with its `entities`.
 * @throws {BotApiError} where it is empty, too long, or no HTML.
 */
export const textOf = (params: Params): FormattedText => {
  const text = params.text('text');
  const mode = params.text('parse_mode').toLowerCase();
  if (mode !== '' && mode !== 'html') throw badRequest('unsupported parse_mode');
  const formatted = trimmed(mode === 'html' ? parseHtml(text) : { text, entities: entitiesOf(params) });
  if (formatted.text === '') throw badRequest('message text is empty');
  if (formatted.text.length > maxTextLength) throw badRequest('message is too long');
  return formatted;
};
