import { describe, expect, it } from 'vitest';
import { mayUse, roleOf } from './access.ts';

describe('roleOf', () => {
  const admins = [1];
  it.each([
    [1, false, 'admin'],
    [2, false, 'unmolested'],
    [2, true, 'admin'],
  ] as const)('user %i, outgoing %s: %s', (user, outgoing, role) =>
    expect(roleOf(user, admins, outgoing)).toBe(role),
  );
});

describe('mayUse', () => {
  it.each([
    ['admin', 'admins', true],
    ['admin', 'everyone', true],
    ['unmolested', 'admins', false],
    ['unmolested', 'everyone', true],
  ] as const)('%s, open to %s: %s', (role, openTo, allowed) => expect(mayUse(role, openTo)).toBe(allowed));
});
