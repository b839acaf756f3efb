import { describe, expect, it } from 'vitest';
import { mannersOf, rangeApplies } from './manners.ts';

const of = (query: string, nth = 1, edited = 0) => mannersOf(new URLSearchParams(query), nth, edited);

describe('mannersOf', () => {
  it('is good ones where nothing is said', () => {
    expect(of('mb=5')).toEqual({
      ranges: true,
      edition: 0,
      validators: { etag: '"edition-0"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' },
    });
  });

  it('reads a rate, a cut and whether there are ranges', () => {
    expect(of('rate=1000&cut=5&ranges=no')).toMatchObject({
      bytesPerSecond: 1000,
      cutAfter: 5,
      ranges: false,
    });
    expect(of('rate=-1&cut=x')).not.toHaveProperty('bytesPerSecond');
  });

  it('refuses each so many requests, and says when to come again', () => {
    const refusals = [1, 2, 3, 4].map((nth) => of('busy=2&down=3&after=7', nth).refusal);
    const [busy, down] = [429, 503].map((status) => ({ status, retryAfter: '7' }));
    expect(refusals).toEqual([undefined, busy, down, busy]);
    expect(of('busy=1').refusal).toEqual({ status: 429 });
  });

  it('is another file after so many requests, and when it is edited', () => {
    expect([1, 2, 3, 4, 5].map((nth) => of('changes=2', nth, 1).edition)).toEqual([1, 1, 2, 2, 3]);
  });

  it.each([
    ['etag', { etag: '"edition-1"' }],
    ['weak', { etag: 'W/"edition-1"' }],
    ['modified', { 'last-modified': 'Thu, 01 Jan 2026 00:01:00 GMT' }],
    ['none', {}],
  ])('tells %s of its editions by %j', (which, validators) => {
    expect(of(`validators=${which}`, 1, 1).validators).toEqual(validators);
  });
});

describe('rangeApplies', () => {
  it.each([
    [undefined, true],
    ['"edition-0"', true],
    ['"edition-1"', false],
    ['W/"edition-0"', false],
    ['Thu, 01 Jan 2026 00:00:00 GMT', true],
    ['Thu, 01 Jan 2026 00:01:00 GMT', false],
  ])('says of %j whether the range is to be sent: %j', (ifRange, applies) => {
    expect(rangeApplies(ifRange, of(''))).toBe(applies);
  });

  it('never compares a weak one', () =>
    expect(rangeApplies('W/"edition-0"', of('validators=weak'))).toBe(false));
});
