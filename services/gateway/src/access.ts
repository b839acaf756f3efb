import type { roles } from '@heavy/contracts';

export type Role = (typeof roles)[number];

/** The standing of a sender. The account itself is an admin wherever it types. */
export const roleOf = (senderId: number, admins: readonly number[], outgoing: boolean): Role =>
  outgoing || admins.includes(senderId) ? 'admin' : 'unmolested';

/** Whether somebody of that standing may use commands. */
export const mayUse = (role: Role, openTo: 'admins' | 'everyone'): boolean =>
  role === 'admin' || openTo === 'everyone';
