import type { Entity } from '@heavy/telegram';

type Target = Pick<Entity, 'type' | 'url' | 'userId' | 'documentId'>;

const schemes = /^(?:https?|tg|mailto|tel):/iu;
const bareDomain = /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?::\d+)?(?:[/?#]|$)/u;
const unfit = /[\s\p{Cc}]/u;
const largestDocumentId = 2n ** 63n - 1n;

/** An entity for what a link leads to: a person by id, or an address. Null for what must not become a link. */
export const linkTo = (address: string): Target | null => {
  const user = /^tg:\/\/user\?id=(\d{1,16})$/iu.exec(address);
  if (user && Number.isSafeInteger(Number(user[1]))) return { type: 'mention_name', userId: Number(user[1]) };
  if (unfit.test(address)) return null;
  const url = bareDomain.test(address) ? `http://${address}` : address;
  return schemes.test(url) && URL.canParse(url) ? { type: 'text_link', url } : null;
};

/** An entity for an emoji of Telegram's own, by the id of its document; null where that is none. */
export const customEmoji = (documentId: string): Target | null =>
  /^\d{1,19}$/u.test(documentId) && BigInt(documentId) <= largestDocumentId
    ? { type: 'custom_emoji', documentId }
    : null;
