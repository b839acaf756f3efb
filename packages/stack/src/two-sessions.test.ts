import { startLocalTelegram } from '@heavy/local-telegram';
import { newSessionKey, parseSessionKey, sealSession } from '@heavy/telegram';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkSessions, SessionsAtFault } from './two-sessions.ts';

let one: string;
let other: string;
const sessionKey = newSessionKey();
const sealed = (session: string) => sealSession(session, parseSessionKey(sessionKey));

beforeAll(async () => {
  const { world, close } = await startLocalTelegram();
  const account = world.addUser('heavy');
  [one, other] = [world.mintSession(account), world.mintSession(account)];
  await close();
});

describe('checkSessions', () => {
  it('passes two sessions of one account, sealed or plain', () => {
    expect(() =>
      checkSessions({ gatewaySession: one, senderSession: other, sessionKey: undefined }),
    ).not.toThrow();
    expect(() =>
      checkSessions({ gatewaySession: sealed(one), senderSession: other, sessionKey }),
    ).not.toThrow();
  });

  it('refuses the same session twice, also where it is sealed twice', () => {
    const twice = { gatewaySession: sealed(one), senderSession: sealed(one), sessionKey };
    expect(twice.gatewaySession).not.toBe(twice.senderSession);
    expect(() => checkSessions(twice)).toThrow(SessionsAtFault);
    expect(() => checkSessions(twice)).toThrow('Gateway and sender have the same session');
  });

  it('says which of them cannot be opened, and nothing of what is in it', () => {
    const check = () =>
      checkSessions({ gatewaySession: one, senderSession: sealed(other), sessionKey: undefined });
    expect(check).toThrow(/^The session of the sender cannot be used: /u);
    expect(check).not.toThrow(other);
  });
});
