import type { DataOf, FailureCode, FailureContext, telegramRaw } from '@heavy/contracts';
import { canonicalUrl, findUrl, UrlInvalid } from '@heavy/media';

type Raw = DataOf<typeof telegramRaw>;

export type Asked = { url: string } | { code: FailureCode; context: FailureContext };

/** The command's own text without its word. Blanked rather than cut, so that entity offsets stay true. */
const ownText = (text: string): string => text.replace(/^\s*\.\S+/u, (word) => ' '.repeat(word.length));

/** The URL that a command asks for: in its own text, else in the message it replies to. */
export const askedUrl = ({ message, reply }: Raw): Asked => {
  const own = findUrl(ownText(message.text), message.entities);
  const quoted = reply ? findUrl(reply.text ?? '', reply.entities) : null;
  const found = own && 'url' in own ? own : quoted && 'url' in quoted ? quoted : own;
  if (found === null) return { code: 'url_missing', context: {} };
  if ('notUrl' in found) return { code: 'url_invalid', context: { subject: found.notUrl.slice(0, 100) } };
  try {
    canonicalUrl(found.url);
    return { url: found.url };
  } catch (error) {
    if (error instanceof UrlInvalid)
      return { code: 'url_invalid', context: { subject: found.url.slice(0, 100) } };
    throw error;
  }
};
