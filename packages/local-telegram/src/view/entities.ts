import { Api, idOf, long } from '../tl.ts';
import type { EntityType, WorldEntity } from '../world/entities.ts';

/** Those that are no more than a place in the text. */
const plain = {
  url: Api.MessageEntityUrl,
  email: Api.MessageEntityEmail,
  mention: Api.MessageEntityMention,
  hashtag: Api.MessageEntityHashtag,
  bot_command: Api.MessageEntityBotCommand,
  bold: Api.MessageEntityBold,
  italic: Api.MessageEntityItalic,
  underline: Api.MessageEntityUnderline,
  strikethrough: Api.MessageEntityStrike,
  spoiler: Api.MessageEntitySpoiler,
  code: Api.MessageEntityCode,
} as const;
type PlainType = keyof typeof plain;

const isPlain = (type: EntityType): type is PlainType => type in plain;

export const entityToTl = (entity: WorldEntity): Api.TypeMessageEntity => {
  const { type, offset, length } = entity;
  if (isPlain(type)) return new plain[type]({ offset, length });
  switch (type) {
    case 'text_link':
      return new Api.MessageEntityTextUrl({ offset, length, url: entity.url ?? '' });
    case 'mention_name':
      return new Api.MessageEntityMentionName({ offset, length, userId: long(entity.userId ?? 0) });
    case 'pre':
      return new Api.MessageEntityPre({ offset, length, language: entity.language ?? '' });
    case 'custom_emoji':
      return new Api.MessageEntityCustomEmoji({
        offset,
        length,
        documentId: long(BigInt(entity.documentId ?? 0)),
      });
    case 'expandable_blockquote':
      return new Api.MessageEntityBlockquote({ offset, length, collapsed: true });
    default:
      return new Api.MessageEntityBlockquote({ offset, length });
  }
};

/** Null for the kinds that this world does not keep. */
export const entityFromTl = (entity: Api.TypeMessageEntity): WorldEntity | null => {
  const { offset, length } = entity;
  if (entity instanceof Api.MessageEntityTextUrl)
    return { type: 'text_link', offset, length, url: entity.url };
  if (entity instanceof Api.MessageEntityPre)
    return { type: 'pre', offset, length, language: entity.language };
  if (entity instanceof Api.MessageEntityBlockquote)
    return { type: entity.collapsed ? 'expandable_blockquote' : 'blockquote', offset, length };
  if (entity instanceof Api.MessageEntityCustomEmoji)
    return { type: 'custom_emoji', offset, length, documentId: entity.documentId.toString() };
  if (entity instanceof Api.MessageEntityMentionName)
    return { type: 'mention_name', offset, length, userId: idOf(entity.userId) };
  if (entity instanceof Api.InputMessageEntityMentionName && entity.userId instanceof Api.InputUser)
    return { type: 'mention_name', offset, length, userId: idOf(entity.userId.userId) };
  const found = Object.entries(plain).find(([, type]) => entity instanceof type);
  return found ? { type: found[0] as PlainType, offset, length } : null;
};
