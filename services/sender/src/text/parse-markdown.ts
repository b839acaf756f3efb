import { assemble, type Pair } from './assemble.ts';
import type { FormattedText } from './formatted-text.ts';
import { customEmoji, linkTo } from './link.ts';

const styles: Record<string, string> = {
  ...{ '*': 'bold', '**': 'bold', _: 'italic', __: 'underline' },
  ...{ '~': 'strikethrough', '~~': 'strikethrough', '||': 'spoiler' },
};

const markup = /\\(?<escaped>[!-/:-@[-`{-~])|```|`|\|\||\*\*|\*|__|_|~~|~|!\[|\[|\]\(|\n/gu;
const quoteMarker = /(?<separated>\*\*)?> ?/uy;
const longestAddress = 4096;

const isBlank = (text: string | undefined): boolean => text === undefined || text.trim() === '';
const isWord = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** Where `mark` stands next with no backslash before it; -1 where it does not. */
const unescaped = (source: string, mark: string, from: number): number => {
  for (let at = source.indexOf(mark, from); at !== -1; at = source.indexOf(mark, at + 1)) {
    let backslashes = 0;
    while (at - backslashes > from && source[at - backslashes - 1] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
};

/** The address between the brackets of a link, and where it ends; parentheses in it are balanced or escaped. */
const addressAt = (source: string, from: number): { address: string; end: number } | null => {
  let depth = 0;
  let address = '';
  for (let at = from; at < source.length && at - from < longestAddress; at += 1) {
    let character = source[at] ?? '';
    if (isBlank(character)) return null;
    if (character === ')' && depth === 0) return { address, end: at + 1 };
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === '\\' && /[!-/:-@[-`{-~]/u.test(source[at + 1] ?? '')) {
      at += 1;
      character = source[at] ?? '';
    }
    address += character;
  }
  return null;
};

interface Opened {
  /** Its place among the pieces of the text. */
  piece: number;
  mark: string;
}

/**
 * Telegram's MarkdownV2 (https://core.telegram.org/bots/api#markdownv2-style) as people type it: what has no counterpart,
 * or stands between blanks, is a character like any other and needs no backslash, `_` within a word neither. `**bold**` and
 * `~~gone~~` mean what they mean elsewhere.
 */
export const parseMarkdown = (source: string): FormattedText => {
  const pieces: string[] = [];
  const pairs: Pair[] = [];
  const opened = new Map<string, Opened[]>();
  const brackets: Opened[] = [];
  let quote: { piece: number } | undefined;
  /** The last piece that is text, and not a delimiter. */
  let lastText = -1;
  let at = 0;

  const push = (piece: string): number => pieces.push(piece) - 1;
  const say = (text: string): void => {
    const piece = push(text);
    if (!isBlank(text)) lastText = piece;
  };
  const openersOf = (mark: string): Opened[] => {
    const openers = opened.get(mark) ?? [];
    opened.set(mark, openers);
    return openers;
  };

  const open = (mark: string): void => void openersOf(mark).push({ piece: push(mark), mark });
  const close = (mark: string, opener: Opened): void =>
    void pairs.push({ mark: { type: styles[mark] ?? '' }, from: opener.piece, to: push(mark) });

  const style = (mark: string, index: number): void => {
    const [before, after] = [source[index - 1], source[index + mark.length]];
    const ofWords = mark.startsWith('_');
    const mayOpen = !isBlank(after) && !(ofWords && isWord(before));
    const mayClose = !isBlank(before) && !(ofWords && isWord(after));
    const opener = openersOf(mark).at(-1);
    const ofSameQuote = opener && !(quote && opener.piece < quote.piece);
    if (mayClose && ofSameQuote && opener.piece < lastText) {
      openersOf(mark).pop();
      close(mark, opener);
      return;
    }
    const single = mark === '**' ? openersOf('*').at(-1) : undefined;
    if (single && mayOpen && mayClose && !opener) {
      // The end of one and the beginning of the next.
      openersOf('*').pop();
      close('*', single);
      open('*');
    } else if (mayOpen) open(mark);
    else push(mark);
  };

  /** Code has no markup in it, and only backslashes and backticks are escaped there. */
  const code = (mark: string, index: number): void => {
    const from = index + mark.length;
    const to = unescaped(source, mark, from);
    const raw = to === -1 ? '' : source.slice(from, to);
    const leavesQuote = quote !== undefined && /\n(?!>)/u.test(raw);
    const inner = quote ? raw.replace(/\n> ?/gu, '\n') : raw;
    const content = inner.replace(/\\([\\`])/gu, '$1');
    const block = mark === '```' ? /^(?:([\w+#.-]+)?\r?\n)?([\s\S]*?)(?:\r?\n)?$/u.exec(content) : null;
    const text = block ? (block[2] ?? '') : content;
    if (text === '' || leavesQuote) {
      say(mark);
      return;
    }
    const language = block?.[1];
    const begin = push('');
    say(text);
    const type = block ? 'pre' : 'code';
    pairs.push({
      mark: { type, ...(language === undefined ? {} : { language }) },
      from: begin,
      to: push(''),
    });
    at = to + mark.length;
  };

  const bracket = (mark: string): void => {
    if (mark === '![') push('!');
    brackets.push({ piece: push('['), mark });
  };

  const link = (mark: string, index: number): void => {
    const opener = brackets.at(-1);
    const found = opener && opener.piece < lastText ? addressAt(source, index + mark.length) : null;
    const emoji = opener?.mark === '![' && /^tg:\/\/emoji\?id=(\d+)$/u.exec(found?.address ?? '')?.[1];
    const target = emoji ? customEmoji(emoji) : found && linkTo(found.address);
    const piece = push(mark);
    if (!(opener && found && target)) return;
    if (emoji) pieces[opener.piece - 1] = '';
    pairs.push({ mark: target, from: opener.piece, to: piece });
    // There is no link in a link.
    brackets.length = 0;
    at = found.end;
  };

  const endQuote = (): void => {
    if (!quote) return;
    // What could be the end of a spoiler that has no beginning says that the quote is folded. After it there is an empty piece.
    const last = pieces.length - 2;
    const folded = pieces.at(-1) === '' && pieces[last] === '||' && pairs.at(-1)?.to !== last;
    if (folded) pieces[last] = '';
    const type = folded ? 'expandable_blockquote' : 'blockquote';
    pairs.push({ mark: { type }, from: quote.piece, to: push('') });
    quote = undefined;
  };

  /** A line that begins here may begin a quote, go on with it, or end it. */
  const line = (index: number, newline: string): void => {
    quoteMarker.lastIndex = index;
    const marker = quoteMarker.exec(source);
    if (!marker || marker.groups?.['separated']) endQuote();
    push(newline);
    if (!marker) return;
    quote ??= { piece: push('') };
    at = index + marker[0].length;
  };

  line(0, '');
  for (;;) {
    markup.lastIndex = at;
    const match = markup.exec(source);
    say(source.slice(at, match?.index));
    if (!match) break;
    const [mark] = match;
    const { index } = match;
    at = index + mark.length;
    const escaped = match.groups?.['escaped'];
    if (escaped !== undefined) say(escaped);
    else if (mark === '\n') line(at, mark);
    else if (mark === '`' || mark === '```') code(mark, index);
    else if (mark === '[' || mark === '![') bracket(mark);
    else if (mark === '](') link(mark, index);
    else style(mark, index);
  }
  endQuote();
  return assemble(pieces, pairs);
};
