import { describe, expect, it } from 'vitest';
import { commandWord } from './command-words.ts';

describe('commandWord', () => {
  it.each([
    ['.vdl https://example.com', 'vdl'],
    ['.VDL', 'vdl'],
    ['  .adl\nhttps://example.com', 'adl'],
    ['.dl_2 x', 'dl_2'],
  ])('finds the word of %j', (text, word) => expect(commandWord(text)).toBe(word));

  it.each([
    '',
    '.',
    '...',
    '.5 points',
    'see .vdl',
    '.vdl: x',
    '. vdl',
    '․vdl x',
    `.${'a'.repeat(33)}`,
    '.видео',
  ])('finds none in %j', (text) => expect(commandWord(text)).toBeNull());
});
