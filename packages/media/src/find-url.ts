import type { Entity } from '@heavy/contracts';

/** What a person gave: a URL, words that hold none, or nothing (null). */
export type Given = { url: string } | { notUrl: string } | null;

const scheme = /^https?:\/\//i;
const anyScheme = /^[a-z][a-z0-9+.-]*:/i;
/** A host with a top-level domain of letters, as people write it without the scheme; then a port, a path, or the end. */
const bareHost = /^([\p{L}\p{N}_-]+\.)+\p{L}{2,}(:\d{1,5})?(?=[/?#]|$)/u;
const withPath = /^[^/?#]+[/?#]/;

const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' };
const count = (text: string, character: string): number => text.split(character).length - 1;

/** Takes punctuation of the sentence off the end, and what nobody sees (`\p{Cf}`, such as the marks of a text's direction); a closing bracket stays where the URL itself opened it. */
const trimEnd = (token: string): string => {
  let text = token;
  for (;;) {
    const last = text.at(-1) ?? '';
    const opener = closers[last];
    const isOurs =
      opener === undefined
        ? /[.,;:!?>'"`*»›“”‘’…。，、！？；：）」』】\p{Cf}]/u.test(last)
        : count(text, last) > count(text, opener);
    if (last === '' || !isOurs) return text;
    text = text.slice(0, -1);
  }
};

const trimStart = (token: string): string => token.replace(/^[<([{'"`*«‹“‘（「『【\p{Cf}]+/u, '');

/** The URL that an entity's text or target names; other schemes (`tg:`, `mailto:`) are no media. */
const asUrl = (text: string): string | undefined => {
  const given = text.trim();
  if (scheme.test(given)) return given;
  return bareHost.test(given) ? `https://${given}` : undefined;
};

const first = <T, R>(items: Iterable<T>, pick: (item: T) => R | undefined): R | undefined => {
  for (const item of items) {
    const picked = pick(item);
    if (picked !== undefined) return picked;
  }
  return undefined;
};

/** The host of `ftp://example.com` may be marked by itself; the person gave another scheme, and no link of ours. */
const isAfterScheme = (text: string, offset: number): boolean => /:\/\/\S*$/.test(text.slice(0, offset));

const inEntities = (text: string, entities: readonly Entity[]): string | undefined =>
  first(entities, (one) => (one.type === 'text_link' && one.url ? asUrl(one.url) : undefined)) ??
  first(entities, (one) =>
    one.type === 'url' && !isAfterScheme(text, one.offset)
      ? asUrl(text.slice(one.offset, one.offset + one.length))
      : undefined,
  );

const inTokens = (tokens: readonly string[]): string | undefined => {
  // A scheme may stand in the middle of a word: "see(http://…)".
  const explicit = first(tokens, (token) => {
    const at = token.search(/https?:\/\//i);
    const url = at < 0 ? '' : trimEnd(token.slice(at).replace(/[<>"].*$/, ''));
    return url.replace(scheme, '') === '' ? undefined : url;
  });
  if (explicit !== undefined) return explicit;
  return first(tokens, (token) => {
    const word = trimEnd(trimStart(token));
    // A host without a path among other words is more often a missing space after a full stop.
    const isMeant = withPath.test(word) || tokens.length === 1;
    return isMeant && bareHost.test(word) && !anyScheme.test(word.replace(/:\d/, ''))
      ? `https://${word}`
      : undefined;
  });
};

/**
 * Finds the URL in a message: a link behind words first, then what Telegram marked as a URL, then the first word that
 * looks like one (`example.com/x` counts as https). A command word at the start of the text is passed over.
 * The URL is as the person wrote it: `canonicalUrl` tells whether it is valid.
 */
export const findUrl = (text: string, entities: readonly Entity[] = []): Given => {
  const words = text.replace(/^\s*\.[a-z][a-z0-9_]*(?=\s|$)/i, '').trim();
  const tokens = words.split(/[\s\u200b\u2060\ufeff]+/).filter((token) => token !== '');
  const url = inEntities(text, entities) ?? inTokens(tokens);
  if (url !== undefined) return { url };
  return words === '' ? null : { notUrl: words };
};
