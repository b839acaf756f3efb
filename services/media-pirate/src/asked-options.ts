import { type AudioFormat, audioFormats, type MediaKind, type Quality, qualities } from '@heavy/contracts';

/** What a command asks for beside the URL. */
export interface AskedOptions {
  quality?: Quality;
  format?: AudioFormat;
  item?: number;
}

const isOneOf = <T extends string>(all: readonly T[], word: string): word is T =>
  (all as readonly string[]).includes(word);

const largestItem = 100_000;

/**
 * Reads the words of a command: `720p`, `best` or `4k` of a video, `mp3`, `m4a` or `opus` of a sound, `#3` of a playlist.
 * The last of its kind counts; any other word is passed over.
 */
export const askedOptions = (kind: MediaKind, text: string): AskedOptions => {
  const options: AskedOptions = {};
  for (const word of text.toLowerCase().split(/[\s,;()]+/u)) {
    const quality = word === '4k' ? '2160p' : word;
    if (kind === 'video' && isOneOf(qualities, quality)) options.quality = quality;
    if (kind === 'audio' && isOneOf(audioFormats, word)) options.format = word;
    const item = Number(/^#(\d{1,6})$/u.exec(word)?.[1] ?? 0);
    if (item >= 1 && item <= largestItem) options.item = item;
  }
  return options;
};
