import { describe, expect, it } from 'vitest';
import type { AccessEntry } from './access-entry.ts';
import { openTo, type StandingFacts, standingOf } from './standing.ts';

const said = (standing: AccessEntry['standing'], until?: string): AccessEntry => ({
  ...{ standing, by: 1, since: '2026-11-21T00:00:00.000Z' },
  ...(until === undefined ? {} : { until }),
});
const nothing: StandingFacts = {
  ...{ isAdmin: false, user: null, chat: null, chatType: 'supergroup', openTo: 'nobody' },
};

const users = [null, 'blessed', 'banned'] as const;
const chats = [null, 'graced', 'smitten'] as const;

/** By what is said of the user, then of the chat. */
const expected = {
  null: {
    null: ['unmolested', 'configuration', false],
    graced: ['blessed', 'chat', true],
    smitten: ['banned', 'chat', false],
  },
  blessed: {
    null: ['blessed', 'user', true],
    graced: ['blessed', 'user', true],
    smitten: ['banned', 'chat', false],
  },
  banned: {
    null: ['banned', 'user', false],
    graced: ['banned', 'user', false],
    smitten: ['banned', 'user', false],
  },
} as const;

const rows = users.flatMap((user) =>
  chats.map((chat) => [user, chat, ...expected[`${user}`][`${chat}`]] as const),
);

describe('standingOf', () => {
  it.each(rows)('user %s in a chat %s: %s by %s, may use: %s', (user, chat, role, by, mayUse) => {
    const facts = {
      ...nothing,
      user: user && said(user, '2026-12-01T00:00:00.000Z'),
      chat: chat && said(chat, '2026-12-02T00:00:00.000Z'),
    };
    const until = by === 'configuration' ? {} : { until: `2026-12-0${by === 'user' ? 1 : 2}T00:00:00.000Z` };
    expect(standingOf(facts)).toEqual({ role, by, mayUse, ...until });
    expect(standingOf({ ...facts, isAdmin: true })).toEqual({ role: 'admin', by: 'admin', mayUse: true });
  });

  const withStanding = rows.filter(([, , role]) => role !== 'unmolested');
  it.each(withStanding)('user %s in a chat %s: being open changes nothing', (user, chat) => {
    const facts = { ...nothing, user: user && said(user), chat: chat && said(chat) };
    for (const open of openTo)
      for (const chatType of ['private', 'group'] as const)
        expect(standingOf({ ...facts, openTo: open, chatType })).toEqual(standingOf(facts));
  });

  it.each([
    ['nobody', 'private', false],
    ['nobody', 'group', false],
    ['nobody', 'supergroup', false],
    ['nobody', 'channel', false],
    ['private', 'private', true],
    ['private', 'group', false],
    ['private', 'supergroup', false],
    ['private', 'channel', false],
    ['everyone', 'private', true],
    ['everyone', 'group', true],
    ['everyone', 'supergroup', true],
    ['everyone', 'channel', true],
  ] as const)('open to %s, unmolested in a %s: %s', (open, chatType, mayUse) =>
    expect(standingOf({ ...nothing, openTo: open, chatType })).toEqual({
      ...{ role: 'unmolested', by: 'configuration', mayUse },
    }),
  );

  it('has no end where the word has none', () => {
    expect(standingOf({ ...nothing, user: said('blessed') })).not.toHaveProperty('until');
  });
});
