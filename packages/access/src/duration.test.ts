import { assert, constantFrom, integer, property, record, string, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from './duration.ts';

const seconds = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };
const letters = ['w', 'd', 'h', 'm', 's'] as const;
const tenYears = 3650 * seconds.d;

describe('parseDuration', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['1h', 3600],
    ['30d', 2_592_000],
    ['2w', 1_209_600],
    ['1h30m', 5400],
    ['1d12h', 129_600],
    ['1W2D3H4M5S', 788_645],
    ['90m', 5400],
    ['0h30m', 1800],
    ['007s', 7],
    ['3650d', tenYears],
  ])('reads %s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each([
    ...[
      '',
      ' ',
      '1',
      '30',
      'h',
      '1x',
      '1.5h',
      '1,5h',
      '-1h',
      '+1h',
      '1 h',
      ' 1h',
      '1h 30m',
      '1h,30m',
      '1h\n',
    ],
    ...[
      '0s',
      '0w0d0h0m0s',
      '1h1h',
      '30m1h',
      '1s1w',
      '3651d',
      '3650d1s',
      `${'9'.repeat(400)}s`,
      '1e3s',
      '0x1s',
    ],
    ...['1µ', '١h', '1ſ', 'for ever', '1h30', '1hour', '1y', '1mo'],
  ])('refuses %j', (text) => expect(parseDuration(text)).toBeNull());

  it('adds up any units from the largest to the smallest, in letters of either case', async () => {
    const part = record({ letter: constantFrom(...letters), count: integer({ min: 0, max: 600 }) });
    const parts = uniqueArray(part, { minLength: 1, selector: ({ letter }) => letter });
    await assert(
      property(parts, integer({ min: 0, max: 1 }), (some, upper) => {
        const sorted = some.toSorted((a, b) => letters.indexOf(a.letter) - letters.indexOf(b.letter));
        const text = sorted.map(({ letter, count }) => `${count}${letter}`).join('');
        const sum = some.reduce((total, { letter, count }) => total + count * seconds[letter], 0);
        expect(parseDuration(upper ? text.toUpperCase() : text)).toBe(
          sum > 0 && sum <= tenYears ? sum : null,
        );
        // In any other order it is refused.
        const turned = sorted
          .toReversed()
          .map(({ letter, count }) => `${count}${letter}`)
          .join('');
        if (some.length > 1) expect(parseDuration(turned)).toBeNull();
      }),
    );
  });

  it('gives whole seconds within ten years, or null, for any text', async () => {
    const typed = string({ unit: constantFrom(...'0123456789wdhmsWDHMS .-+e'), maxLength: 12 });
    await assert(
      property(typed, (text) => {
        const parsed = parseDuration(text);
        if (parsed === null) return;
        expect(text).toMatch(/^(\d+[wdhms])+$/i);
        expect(Number.isSafeInteger(parsed) && parsed > 0 && parsed <= tenYears).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('durationText', () => {
  it.each([
    [5400, '1 hour 30 minutes'],
    [1, '1 second'],
    [0, '0 seconds'],
    [90, '1 minute 30 seconds'],
    [59.6, '1 minute'],
    [3599.9, '1 hour'],
    [2_591_998, '30 days'],
    [86_400 + 43_200 + 60, '1 day 12 hours 1 minute'],
    [1_209_600, '14 days'],
  ])('%s s are %s', (given, text) => expect(durationText(given)).toBe(text));

  it('loses less than half a minute, and nothing below an hour', async () => {
    const noun = { day: 86_400, hour: 3600, minute: 60, second: 1 };
    await assert(
      property(integer({ min: 0, max: tenYears }), (given) => {
        let total = 0;
        for (const [, count, name] of durationText(given).matchAll(/(\d+) (day|hour|minute|second)s?/g))
          total += Number(count) * noun[name as keyof typeof noun];
        expect(Math.abs(total - given)).toBeLessThanOrEqual(given < 3600 ? 0 : 30);
      }),
    );
  });
});
