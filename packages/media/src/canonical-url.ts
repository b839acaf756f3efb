import { createHash } from 'node:crypto';
import type { MediaRequest } from '@heavy/contracts';
import { sites } from './sites/sites.ts';
import { isTrackingParameter } from './tracking-parameters.ts';
import { UrlInvalid } from './url-invalid.ts';

/** Longest URL that is accepted, in UTF-16 units: what browsers and proxies are sure to carry. */
const maxUrlLength = 2048;

const unreserved = /^[\w.~-]$/;

/** RFC 3986, 6.2.2: escapes in upper case, and none where the character stands for itself. */
const normalizeEscapes = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (written, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return unreserved.test(character) ? character : written.toUpperCase();
  });

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    // No UTF-8: then it is no known parameter either.
    return text;
  }
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const canonicalQuery = (query: string): string =>
  normalizeEscapes(query)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { pair, name, value: value.join('=') };
    })
    .filter(({ name, value }) => !isTrackingParameter(decode(name), decode(value)))
    // The sort is stable: the order of one name's values, which may mean something, stays.
    .sort((a, b) => compare(a.name, b.name))
    .map(({ pair }) => pair)
    .join('&');

/**
 * Reads a URL as WHATWG does and refuses what must not be downloaded.
 * @throws {UrlInvalid} unless it is http or https, without credentials, and no longer than {@link maxUrlLength}.
 */
export const parseMediaUrl = (url: string): URL => {
  const given = url.trim();
  if (given.length > maxUrlLength) throw new UrlInvalid(`longer than ${maxUrlLength} characters`);
  // URL would drop tabs and line breaks in silence, and so read something else than what was given.
  if (/[\p{Cc}\s]/u.test(given)) throw new UrlInvalid('white space or a control character in it');
  if (!URL.canParse(given)) throw new UrlInvalid('not a URL');
  const parsed = new URL(given);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new UrlInvalid(`${parsed.protocol} instead of http: or https:`);
  if (parsed.username !== '' || parsed.password !== '') throw new UrlInvalid('credentials in it');
  // Names have none, and without it the rest would read as something else: `https://./a`.
  if (/(^|\.)(\.|$)/.test(parsed.hostname.replace(/\.$/, '')))
    throw new UrlInvalid('an empty label in its host');
  if (parsed.href.length > 2 * maxUrlLength) throw new UrlInvalid('too long once it is escaped');
  return parsed;
};

/**
 * One spelling for every URL of the same thing: scheme and host in lower case (punycode), no default port, fragment or
 * tracking parameters, the other parameters sorted by name; the rules of a site where there are any.
 * Idempotent. Different media never share a canonical URL.
 * @throws {UrlInvalid}
 */
export const canonicalUrl = (url: string): string => {
  const parsed = parseMediaUrl(url);
  parsed.hash = '';
  parsed.pathname = normalizeEscapes(parsed.pathname);
  const host = parsed.hostname.replace(/\.$/, '');
  for (const site of sites) {
    const canonical = site.hosts.test(host) ? site.canonical(parsed) : null;
    if (canonical !== null) return canonical;
  }
  const port = parsed.port === '' ? '' : `:${parsed.port}`;
  const query = canonicalQuery(parsed.search.slice(1));
  return `${parsed.protocol}//${host}${port}${parsed.pathname}${query === '' ? '' : `?${query}`}`;
};

/** What was asked for beside the URL, where it is not what everybody gets; part of what one download is known by. */
export const requestVariant = ({ kind, quality, format, item }: Omit<MediaRequest, 'url'>): string[] => [
  ...(kind === 'video' && quality !== undefined && quality !== '1080p' ? [quality] : []),
  ...(kind === 'audio' && format !== undefined && format !== 'mp3' ? [format] : []),
  ...(item === undefined ? [] : [`#${item}`]),
];

/**
 * What one download is known by: sha256, in hexadecimal, of the kind, the canonical URL and the variant, a line each.
 * @throws {UrlInvalid}
 */
export const contentHash = (request: MediaRequest): string =>
  createHash('sha256')
    .update([request.kind, canonicalUrl(request.url), ...requestVariant(request)].join('\n'))
    .digest('hex');
