import { describe, expect, it } from 'vitest';
import { type AccessEntry, entryOf, entryText } from './access-entry.ts';

const blessed: AccessEntry = {
  ...{ standing: 'blessed', by: 7_000_000_002, since: '2026-11-21T00:00:00.000Z' },
  ...{ until: '2026-12-21T00:00:00.000Z', name: 'Ёлки "\\ \u0000' },
};

describe('entryOf', () => {
  it('reads what entryText wrote, and nothing where there is nothing', () => {
    const { name: _name, until: _until, ...bare } = blessed;
    for (const entry of [blessed, bare]) expect(entryOf('user', entryText(entry))).toEqual(entry);
    expect(entryOf('user', null)).toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'blessed'],
    ['JSON that was cut off', entryText(blessed).slice(0, -1)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"blessed"'],
    ['a standing that is none', { ...blessed, standing: 'admin' }],
    ['a standing of chats', { ...blessed, standing: 'graced' }],
    ['no standing', { ...blessed, standing: undefined }],
    ['nobody who said it', { ...blessed, by: undefined }],
    ['an id that is a text', { ...blessed, by: '7' }],
    ['no beginning', { ...blessed, since: undefined }],
    ['an end that is no time', { ...blessed, until: 'tomorrow' }],
    ['an end that is half a time', { ...blessed, until: '2026' }],
    ['an end that is a number', { ...blessed, until: 1_790_000_000 }],
    ['a name that is none', { ...blessed, name: { first: 'Bob' } }],
  ])('takes %s for a ban', (_what, value) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    expect(entryOf('user', text)).toEqual({
      ...{ standing: 'banned', by: 0, since: '1970-01-01T00:00:00.000Z', unreadable: true },
    });
    expect(entryOf('chat', text.replace('"graced"', '"blessed"'))).toMatchObject({
      ...{ standing: 'smitten', unreadable: true },
    });
  });
});
