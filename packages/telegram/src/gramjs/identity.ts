import type { Api } from 'telegram';
import type { AccountIdentity } from '../account.ts';

export const identityOf = (self: Api.User): AccountIdentity => ({
  id: self.id.toJSNumber(),
  name: [self.firstName, self.lastName].filter(Boolean).join(' '),
  ...(self.username && { username: self.username }),
  isBot: self.bot ?? false,
  isPremium: self.premium ?? false,
});
