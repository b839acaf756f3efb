import bigInt from 'big-integer';
import { Api } from 'telegram';
import type { Entity } from '../account.ts';

/** Those that are a name, an offset and a length; Telegram finds some of them by itself. */
const plain = {
  mention: Api.MessageEntityMention,
  hashtag: Api.MessageEntityHashtag,
  cashtag: Api.MessageEntityCashtag,
  bot_command: Api.MessageEntityBotCommand,
  url: Api.MessageEntityUrl,
  email: Api.MessageEntityEmail,
  phone_number: Api.MessageEntityPhone,
  bank_card: Api.MessageEntityBankCard,
  bold: Api.MessageEntityBold,
  italic: Api.MessageEntityItalic,
  underline: Api.MessageEntityUnderline,
  strikethrough: Api.MessageEntityStrike,
  spoiler: Api.MessageEntitySpoiler,
  code: Api.MessageEntityCode,
} as const;

const nameOf = new Map<string, string>([
  ...Object.entries(plain).map(([name, type]): [string, string] => [
    new type({ offset: 0, length: 0 }).className,
    name,
  ]),
]);

export const fromApiEntities = (entities: Api.TypeMessageEntity[] | undefined): Entity[] =>
  (entities ?? []).map((entity) => {
    const { offset, length } = entity;
    if (entity instanceof Api.MessageEntityTextUrl)
      return { type: 'text_link', offset, length, url: entity.url };
    if (entity instanceof Api.MessageEntityMentionName)
      return { type: 'mention_name', offset, length, userId: entity.userId.toJSNumber() };
    if (entity instanceof Api.MessageEntityPre)
      return { type: 'pre', offset, length, ...(entity.language ? { language: entity.language } : {}) };
    if (entity instanceof Api.MessageEntityCustomEmoji)
      return { type: 'custom_emoji', offset, length, documentId: entity.documentId.toString() };
    if (entity instanceof Api.MessageEntityBlockquote)
      return { type: entity.collapsed ? 'expandable_blockquote' : 'blockquote', offset, length };
    return { type: nameOf.get(entity.className) ?? 'unknown', offset, length };
  });

/**
 * `userOf` gives what a mention by id needs. What Telegram could not be told (an entity of a type unknown here, a mention
 * of somebody never seen) is left out: the text stays.
 */
export const toApiEntities = async (
  entities: Entity[] | undefined,
  userOf: (id: number) => Promise<Api.TypeInputUser | null>,
): Promise<Api.TypeMessageEntity[] | undefined> => {
  if (!entities?.length) return undefined;
  const converted = entities.map(async ({ type, offset, length, url, userId, language, documentId }) => {
    if (type === 'text_link' && url !== undefined)
      return new Api.MessageEntityTextUrl({ offset, length, url });
    if (type === 'pre') return new Api.MessageEntityPre({ offset, length, language: language ?? '' });
    if (type === 'custom_emoji' && documentId !== undefined)
      return new Api.MessageEntityCustomEmoji({ offset, length, documentId: bigInt(documentId) });
    if (type === 'blockquote') return new Api.MessageEntityBlockquote({ offset, length });
    if (type === 'expandable_blockquote')
      return new Api.MessageEntityBlockquote({ offset, length, collapsed: true });
    if (type === 'mention_name' && userId !== undefined) {
      const user = await userOf(userId);
      return user && new Api.InputMessageEntityMentionName({ offset, length, userId: user });
    }
    const Plain = Object.hasOwn(plain, type) ? plain[type as keyof typeof plain] : undefined;
    return Plain ? new Plain({ offset, length }) : null;
  });
  return (await Promise.all(converted)).filter((entity) => entity !== null);
};
