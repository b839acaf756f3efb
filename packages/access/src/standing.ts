import type { DataOf, Role, StandingSource, telegramRaw } from '@heavy/contracts';
import type { AccessEntry } from './access-entry.ts';

/** Who may use the commands without being blessed and outside graced chats: nobody, anybody in a private chat with the account, anybody. */
export const openTo = ['nobody', 'private', 'everyone'] as const;
export type OpenTo = (typeof openTo)[number];

/** All that somebody's standing depends on. */
export interface StandingFacts {
  isAdmin: boolean;
  user: AccessEntry | null;
  chat: AccessEntry | null;
  chatType: DataOf<typeof telegramRaw>['chat']['type'];
  openTo: OpenTo;
}

/** What somebody is in a chat, and by what. */
export interface Standing {
  role: Role;
  by: StandingSource;
  /** When it ends by itself, ISO 8601; absent where it does not. */
  until?: string;
  /** Whether everything may be used, or `.whoami` alone. */
  mayUse: boolean;
}

const from = (role: Role, by: 'user' | 'chat', { until }: AccessEntry): Standing => ({
  ...{ role, by, mayUse: role === 'blessed' },
  ...(until === undefined ? {} : { until }),
});

/** The first that holds of: admin, banned user, smitten chat, blessed user, graced chat, unmolested. */
export const standingOf = ({ isAdmin, user, chat, chatType, openTo }: StandingFacts): Standing => {
  if (isAdmin) return { role: 'admin', by: 'admin', mayUse: true };
  if (user?.standing === 'banned') return from('banned', 'user', user);
  if (chat?.standing === 'smitten') return from('banned', 'chat', chat);
  if (user?.standing === 'blessed') return from('blessed', 'user', user);
  if (chat?.standing === 'graced') return from('blessed', 'chat', chat);
  const mayUse = openTo === 'everyone' || (openTo === 'private' && chatType === 'private');
  return { role: 'unmolested', by: 'configuration', mayUse };
};
