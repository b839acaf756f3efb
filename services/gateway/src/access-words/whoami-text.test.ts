import type { Auth } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import { typed } from '../../test/typed.ts';
import { whoamiText } from './whoami-text.ts';

const until = '2026-12-21T10:00:00.000Z';
const requests = { limit: 20, left: 19, resetS: 45 };
const ids = 'Your id: 4, this chat: -1001234567890';

const said = (auth: Partial<Auth>, rest: Parameters<typeof typed>[1] = {}): string =>
  whoamiText(
    typed('.whoami', {
      sender: { id: 4 },
      ...rest,
      auth: { role: 'unmolested', rateLimited: false, ...auth },
    }),
  );

describe('whoamiText', () => {
  it.each<[Partial<Auth>, string]>([
    [
      { role: 'admin', by: 'admin', mayUse: true },
      'You are an admin: you may use every command, without a limit.',
    ],
    [
      { role: 'banned', by: 'user', mayUse: false, until: '2026-11-21T11:30:00.000Z', requests },
      'You are banned: an admin has decided that you may not use the commands, until 21 Nov 2026, 11:30 UTC (1 hour 30 minutes).',
    ],
    [
      { role: 'banned', by: 'user', mayUse: false },
      'You are banned: an admin has decided that you may not use the commands.',
    ],
    [
      { role: 'banned', by: 'chat', mayUse: false },
      'This chat is smitten: nobody but admins may use the commands here.',
    ],
    [
      { role: 'blessed', by: 'user', mayUse: true, until, requests },
      'You are blessed: you may use the commands in this chat and elsewhere, until 21 Dec 2026, 10:00 UTC (30 days).\nYou have 19 of 20 requests left; all 20 are back in 45 seconds.',
    ],
    [
      { role: 'blessed', by: 'chat', mayUse: true, requests: { limit: 20, left: 20, resetS: 0 } },
      'This chat is graced: everybody here may use the commands.\nYou have 20 of 20 requests left.',
    ],
    [
      { by: 'configuration', mayUse: true, requests },
      'You are unmolested: no word of an admin about you or this chat is in force, and the commands are open to everybody here.\nYou have 19 of 20 requests left; all 20 are back in 45 seconds.',
    ],
    [
      { by: 'configuration', mayUse: false, requests },
      'You are unmolested: no word of an admin about you or this chat is in force, and the commands are not open to everybody here.',
    ],
  ])('says of %j what that is', (auth, text) => expect(said(auth)).toBe(`${text}\n${ids}`));

  it('counts no minutes of a month', () => {
    expect(said({ role: 'blessed', by: 'user', until: '2026-12-20T09:58:57.000Z' })).toContain(
      'until 20 Dec 2026, 09:58 UTC (29 days).',
    );
  });

  it.each(['2026-11-21T10:00:00.000Z', '2026-11-21T09:00:00.000Z'])(
    'says an end that came meanwhile: %s',
    (at) => expect(said({ role: 'blessed', by: 'user', until: at })).toContain('UTC (1 second).'),
  );

  it('names the id of whoever posts as a chat', () => {
    const text = said({ by: 'configuration', mayUse: true }, { sender: { id: -1_001_234_567_890 } });
    expect(text).toContain('\nYou post as: -1001234567890, this chat: -1001234567890');
  });
});
