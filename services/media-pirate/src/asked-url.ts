import type { FailureCode, FailureContext } from '@heavy/contracts';
import { canonicalUrl, findUrl, UrlInvalid } from '@heavy/media';
import { ownText, type Raw } from './handlers/typed.ts';

export type Asked = { url: string } | { code: FailureCode; context: FailureContext };

const subjectLimit = 100;

/** What was given, to be quoted in the chat: short, and without the password of a URL. */
const invalid = (given: string): Asked => {
  const subject = given
    .replace(/(?<=:\/\/)[^\s/?#]*(?=@)/gu, '…')
    .slice(0, subjectLimit)
    .replace(/[\ud800-\udbff]$/u, '');
  return { code: 'url_invalid', context: { subject } };
};

/** The URL that a command asks for: in its own text, else in the message it replies to. */
export const askedUrl = ({ message, reply }: Raw): Asked => {
  const own = findUrl(ownText(message.text), message.entities);
  const quoted = reply ? findUrl(reply.text ?? '', reply.entities) : null;
  const found = own && 'url' in own ? own : quoted && 'url' in quoted ? quoted : own;
  if (found === null) return { code: 'url_missing', context: {} };
  if ('notUrl' in found) return invalid(found.notUrl);
  // Telephones begin a line with a capital: Https://…
  const url = found.url.replace(/^https?/iu, (scheme) => scheme.toLowerCase());
  try {
    canonicalUrl(url);
    return { url };
  } catch (error) {
    if (error instanceof UrlInvalid) return invalid(url);
    throw error;
  }
};
