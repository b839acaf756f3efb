import { describe, expect, it } from 'vitest';
import { typed } from '../../test/typed.ts';
import { durationOf, type WordArguments, wordArguments } from './word-arguments.ts';

const bob = { username: 'bob' };
const byId = { id: 7_000_000_002 };

describe('wordArguments', () => {
  it.each<[text: string, WordArguments]>([
    ['.bless', { others: [] }],
    ['.bless @bob', { named: bob, others: [] }],
    ['.bless @bob 30d', { named: bob, others: ['30d'] }],
    ['.bless 30d @bob', { named: bob, others: ['30d'] }],
    ['  .BLESS \n @Bob,\u00a0 30D ', { named: { username: 'Bob' }, others: ['30D'] }],
    ['.hammer 1d @bob 12h', { named: bob, others: ['1d', '12h'] }],
    ['.hammer 15m', { others: ['15m'] }],
    ['.bless 7000000002', { named: byId, others: [] }],
    ['.bless 7000000002 30d', { named: byId, others: ['30d'] }],
    ['.bless 30d 7000000002', { named: byId, others: ['30d'] }],
    ['.hammer -1001234567890 1h', { named: { id: -1_001_234_567_890 }, others: ['1h'] }],
    ['.hammer @bob 7000000002', { named: bob, others: ['7000000002'] }],
    ['.hammer @bob @carol', { named: bob, others: ['@carol'] }],
    ['.hammer 30', { others: ['30'] }],
    ['.hammer 9007199254740993', { others: ['9007199254740993'] }],
    ['.hammer bob@example.org @', { others: ['bob@example.org', '@'] }],
    ['.hammer \u0661\u0662\u0663\u0664\u0665\u0666', { others: ['\u0661\u0662\u0663\u0664\u0665\u0666'] }],
  ])('reads %j', (text, read) => expect(wordArguments(typed(text))).toEqual(read));

  it.each<[text: string, WordArguments]>([
    // Seconds without their unit, it may be: nobody is banned by guess.
    ['.hammer 86400', { others: ['86400'] }],
    ['.hammer 2592000 1h', { others: ['2592000', '1h'] }],
    ['.hammer 7000000002 1h', { named: byId, others: ['1h'] }],
    ['.hammer @bob', { named: bob, others: [] }],
  ])('reads %j as a reply', (text, read) =>
    expect(wordArguments(typed(text, { reply: { messageId: 6, senderId: 4 } }))).toEqual(read),
  );

  const mention = { type: 'mention_name', userId: 42 };

  it('finds a mention without username by its place in UTF-16 units', () => {
    // The tiger is two units.
    const text = '.bless 🐯Bob Smith\u00e9 30d';
    expect(wordArguments(typed(text, { entities: [{ ...mention, offset: 7, length: 12 }] }))).toEqual({
      named: { id: 42, name: '🐯Bob Smithé' },
      others: ['30d'],
    });
  });

  it('keeps apart what stands on both sides of a mention', () => {
    const data = typed('.bless 1dBob12h', { entities: [{ ...mention, offset: 9, length: 3 }] });
    expect(wordArguments(data)).toEqual({ named: { id: 42, name: 'Bob' }, others: ['1d', '12h'] });
  });

  it.each([
    ['without a user', { type: 'mention_name', offset: 8, length: 3 }],
    ['beyond the text', { ...mention, offset: 100, length: 3 }],
    ['of the command word itself', { ...mention, offset: 0, length: 7 }],
    ['of another type', { ...mention, type: 'bold', offset: 8, length: 3 }],
  ])('passes over a mention %s', (_, entity) =>
    expect(wordArguments(typed('.hammer Bob', { entities: [entity] }))).toEqual({ others: ['Bob'] }),
  );

  it('gives a mentioned name as one short line that turns no direction', () => {
    const name = `a\n\u202eb${'c'.repeat(100)}`;
    const data = typed(`.bless ${name}`, { entities: [{ ...mention, offset: 7, length: name.length }] });
    expect(wordArguments(data).named).toEqual({ id: 42, name: `a b${'c'.repeat(61)}` });
  });
});

describe('durationOf', () => {
  it.each<[words: string[], seconds: number | null | undefined]>([
    [[], undefined],
    [['90s'], 90],
    [['1h30m'], 5400],
    [['1H', '30M'], 5400],
    [['5', '30m'], null],
    [['30'], null],
    [['30', 'd'], null],
    [['30m', '1h'], null],
    [['please'], null],
    [['1h', 'please'], null],
  ])('of %j is %s', (words, seconds) => expect(durationOf(words)).toBe(seconds));
});
