import type { Api } from 'telegram';
import type { AccountIdentity } from '../account.ts';

/** Shows as much of a number as tells its owner which it is. */
const masked = (phone: string): string =>
  `+${phone.slice(0, 2)}${'•'.repeat(Math.max(0, phone.length - 4))}${phone.slice(-2)}`;

export const identityOf = (self: Api.User): AccountIdentity => ({
  id: self.id.toJSNumber(),
  name: [self.firstName, self.lastName].filter(Boolean).join(' '),
  ...(self.username && { username: self.username }),
  isBot: self.bot ?? false,
  isPremium: self.premium ?? false,
  ...(self.phone && { maskedPhone: masked(self.phone) }),
});
