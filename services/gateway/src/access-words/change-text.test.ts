import type { AccessEntry } from '@heavy/access';
import { describe, expect, it } from 'vitest';
import { chatText, type Made, userText } from './change-text.ts';

const until = '2026-12-01T09:05:30.000Z';
const entry = (standing: AccessEntry['standing'], ends?: string): AccessEntry => ({
  ...{ standing, by: 9, since: '2026-11-21T10:00:00.000Z' },
  ...(ends === undefined ? {} : { until: ends }),
});
const [blessed, banned, graced, smitten] = [
  entry('blessed'),
  entry('banned'),
  entry('graced'),
  entry('smitten'),
];
const none = { entry: null, before: null };

describe('chatText', () => {
  it.each<[Made, string]>([
    [
      { word: 'grace', entry: entry('graced', until), before: null, durationS: 2_592_000 },
      'Everybody in this chat who is not banned may use the commands until 1 Dec 2026, 09:05 UTC (30 days).',
    ],
    [
      { word: 'grace', entry: graced, before: smitten },
      'Everybody in this chat who is not banned may use the commands from now on.',
    ],
    [
      { word: 'smite', entry: smitten, before: graced },
      'Nobody in this chat but admins may use the commands any more. Lift it with .pardon.',
    ],
    [
      { word: 'pardon', entry: null, before: smitten },
      'This chat is no longer smitten: it is like any other.',
    ],
    [{ word: 'pardon', entry: null, before: graced }, 'This chat is no longer graced: it is like any other.'],
    [{ word: 'pardon', ...none }, 'This chat was neither graced nor smitten: it is like any other.'],
  ])('says of %j what now holds', (made, text) => expect(chatText(made)).toBe(text));
});

describe('userText', () => {
  it.each<[Made, AccessEntry | null, string]>([
    [
      { word: 'bless', entry: entry('blessed', until), before: null, durationS: 129_600 },
      null,
      'may use the commands everywhere until 1 Dec 2026, 09:05 UTC (1 day 12 hours).',
    ],
    [
      { word: 'bless', entry: blessed, before: banned },
      graced,
      'may use the commands everywhere from now on.',
    ],
    [
      { word: 'bless', entry: blessed, before: null },
      smitten,
      'may use the commands everywhere from now on. Not in this chat, though: it is smitten, and that comes first.',
    ],
    [
      { word: 'hammer', entry: entry('banned', until), before: blessed, durationS: 90 },
      graced,
      'may not use the commands anywhere until 1 Dec 2026, 09:05 UTC (1 minute 30 seconds).',
    ],
    [
      { word: 'hammer', entry: banned, before: null },
      smitten,
      'may not use the commands anywhere any more. Lift it with .pardon 42.',
    ],
    [{ word: 'pardon', entry: null, before: banned }, null, 'is no longer banned, and is like anybody else.'],
    [
      { word: 'pardon', entry: null, before: blessed },
      smitten,
      'is no longer blessed, and is like anybody else. This chat is smitten, though, so nobody but admins may use the commands here.',
    ],
    [
      { word: 'pardon', ...none },
      graced,
      'was neither blessed nor banned, and is like anybody else. This chat is graced, so everybody may use the commands here.',
    ],
  ])('says of %j in a chat that is %j what now holds', (made, chat, text) =>
    expect(userText(made, { who: '“Bob”', handle: '42' }, chat)).toBe(`“Bob” ${text}`),
  );
});
